import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentflowNode, NodeRun } from "../src/node.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
let folder: string;
let file: string;

beforeAll(async () => {
  const page = await readFile(join(root, "docs/adding-a-node.md"), "utf8");
  const [, source = ""] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  // Beside the real nodes, so that its imports mean the same.
  folder = await mkdtemp(join(root, "packages/engine/src/nodes/example-"));
  file = join(folder, "shout.ts");
  await writeFile(file, source);
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { types: ["node"], typeRoots: [join(root, "node_modules/@types")] },
    include: ["*.ts"],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the example in the documentation compiles", async () => {
  const tsc = join(root, "node_modules/.bin/tsc");
  const check = promisify(execFile)(tsc, ["--noEmit", "-p", folder]);
  await expect(check).resolves.toMatchObject({ stdout: "" });
}, 60_000);

test("the example in the documentation runs", async () => {
  const { shout } = (await import(pathToFileURL(file).href)) as { shout: AgentflowNode };
  const said: unknown[] = [];
  const run = { nodeId: "n", isLast: true, emit: (event: unknown) => said.push(event) };
  const result = await shout.execute(
    { shoutText: "hello", shoutTwice: "true" },
    run as unknown as NodeRun,
  );
  expect(result.output).toEqual({ content: "HELLO! HELLO!" });
  expect(said).toEqual([{ type: "text.delta", nodeId: "n", text: "HELLO! HELLO!" }]);
});
