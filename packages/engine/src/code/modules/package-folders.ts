import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeError } from "../code-value.ts";

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

const maxPackages = 2_000;

/** Where a package is installed, seen from a folder; undefined when it is not. */
export function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

/** The folders of these packages and of all they depend on: what the code's process may read. */
export function packageFolders(names: string[], from: string): string[] {
  const folders = new Set<string>();
  const visit = (folder: string) => {
    const real = realpathSync(folder);
    folders.add(folder);
    if (folders.has(real) && real !== folder) return;
    folders.add(real);
    if (folders.size > maxPackages)
      throw codeError(`The packages of TOOL_FUNCTION_EXTERNAL_DEP are more than ${maxPackages}`);
    const manifest = JSON.parse(readFileSync(join(real, "package.json"), "utf8")) as Manifest;
    const wanted = {
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    };
    for (const name of Object.keys(wanted)) {
      const found = findPackage(name, real);
      if (found && !folders.has(found)) visit(found);
    }
  };
  for (const name of names) {
    const found = findPackage(name, from);
    if (found && !folders.has(found)) visit(found);
  }
  return [...folders];
}

export function missingPackage(name: string): Error {
  return codeError(
    `Cannot find package '${name}'. TOOL_FUNCTION_EXTERNAL_DEP names it, but it is not installed where Sluice runs; install it there: npm install ${name}`,
  );
}
