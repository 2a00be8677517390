import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
const linked = ["node_modules", "packages", "Dockerfile", ".sst", "package.json"];
const copied = ["sst.config.ts", "infra", ".dockerignore"];

export interface Edit {
  file: string;
  from: string | RegExp;
  to: string;
}

/** The deployment's program in a folder of its own, with changes; everything else is the real thing. */
export function copyProject(edits: Edit[] = []): { root: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "sluice-infra-"));
  for (const name of linked) symlinkSync(join(projectRoot, name), join(root, name));
  for (const name of copied) cpSync(join(projectRoot, name), join(root, name), { recursive: true });
  for (const { file, from, to } of edits) {
    const path = join(root, file);
    const before = readFileSync(path, "utf8");
    const after = before.replaceAll(typeof from === "string" ? from : new RegExp(from, "g"), to);
    // An edit that no longer fits would prove nothing.
    if (after === before) throw new Error(`${file} has no ${from}`);
    writeFileSync(path, after);
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
