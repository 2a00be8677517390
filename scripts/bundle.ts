import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** One folder per process: `main.js` and, for code's child processes, `code-child.js`, `module-child.js`, `parse-child.js`. */
const processes = {
  api: "packages/api/src/serve.ts",
  worker: "packages/worker/src/main.ts",
};
const codeChild = "packages/engine/src/code/child.ts";
const parseChild = "packages/engine/src/parse/child.ts";
const moduleChild = "packages/engine/src/code/modules/child.ts";

/** Native code, which goes along as files. */
const native = ["isolated-vm"];
/** The dashboard's page, which is served from its files. */
const page = "@bull-board/ui";
/** Optional native helpers, which their users do without. */
const absent = ["msgpackr-extract", "pg-native"];

const platforms = new Set(["linux-x64", "linux-arm64", `${process.platform}-${process.arch}`]);

// CommonJS inside an ES module looks for these.
const banner = [
  'import{createRequire as sluiceCreateRequire}from"node:module";',
  "const require=sluiceCreateRequire(import.meta.url);",
  "const __filename=import.meta.filename,__dirname=import.meta.dirname;",
].join("");

const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  legalComments: "linked",
  logLevel: "warning",
  external: [...native, ...absent],
  banner: { js: banner },
} satisfies BuildOptions;

/** Writes `<target>/api` and `<target>/worker`; each runs by `node main.js` and needs nothing else. */
export async function bundle(target: string): Promise<void> {
  for (const [name, entry] of Object.entries(processes)) {
    const folder = join(target, name);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await build({
      ...common,
      entryPoints: { main: entry },
      outdir: folder,
      splitting: true,
      chunkNames: "chunks/[name]-[hash]",
      minify: true,
      // Names of classes show in errors and logs.
      keepNames: true,
    });
    // As it is written: parts of it go into the sandbox as text, where no helper of a bundler exists.
    const entryPoints = { "code-child": codeChild, "module-child": moduleChild };
    await build({ ...common, entryPoints, outdir: folder });
    // Formats are chunks of their own: one that is read once is loaded once.
    await build({
      ...common,
      entryPoints: { "parse-child": parseChild },
      outdir: folder,
      splitting: true,
      chunkNames: "parse-chunks/[name]-[hash]",
      minify: true,
      keepNames: true,
    });
    const manifest = {
      name: `sluice-${name}`,
      private: true,
      type: "module",
      license: "Apache-2.0",
    };
    await writeFile(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    if (name === "api")
      for (const part of ["dist", "package.json"])
        await cp(join(packageFolder(page, root), part), join(folder, "node_modules", page, part), {
          recursive: true,
        });
    for (const each of native) await copyPackage(each, root, join(folder, "node_modules"));
  }
}

/** Copies an installed package and what it depends on. */
async function copyPackage(name: string, from: string, target: string): Promise<void> {
  if (existsSync(join(target, name))) return;
  const folder = packageFolder(name, from);
  await cp(folder, join(target, name), {
    recursive: true,
    dereference: true,
    filter: (path) => isNeeded(relative(folder, path)),
  });
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  for (const dependency of Object.keys(manifest.dependencies ?? {}))
    await copyPackage(dependency, folder, target);
}

/** Sources stay behind, and so do builds for machines that no image runs on. */
function isNeeded(path: string): boolean {
  const [top = "", platform] = path.split(sep);
  if (/^(node_modules|src|deps|vendor|scripts|native-example)$/.test(top) || top.endsWith(".tgz"))
    return false;
  return top !== "prebuilds" || platform === undefined || platforms.has(platform);
}

/** Where Node would find it; some packages do not export their package.json. */
function packageFolder(name: string, from: string): string {
  const places = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
  const found = places
    .map((place) => join(place, name))
    .find((path) => existsSync(join(path, "package.json")));
  if (!found) throw new Error(`${name} is not installed`);
  return found;
}
