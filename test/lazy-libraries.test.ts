import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drawChatflow, instance } from "../packages/engine/src/chatflow/chatflow-test-bench.ts";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import { openSplit, type Split, store, storeCredential } from "./split.ts";

// What a format, a protocol or a language needs: each costs megabytes in every worker that has it.
const heavy = [
  "@aws-sdk/client-s3",
  "@modelcontextprotocol/sdk",
  "cheerio",
  "csv-parse",
  "expr-eval-fork",
  "htmlparser2",
  "ignore",
  "isolated-vm",
  "js-tiktoken",
  "mammoth",
  "turndown",
  "unpdf",
  "yaml",
  "yauzl",
];
const folder = mkdtempSync(join(tmpdir(), "sluice-test-modules-"));
const file = join(folder, "loaded");
let split: Split;
let simulator: Simulator;
beforeAll(async () => {
  const hook = new URL("./loaded-modules-hook.mjs", import.meta.url).href;
  const env = { NODE_OPTIONS: `--import=${hook}`, LOADED_MODULES_FILE: file };
  [split, simulator] = await Promise.all([openSplit({ workers: 0 }), openSimulator({ ttftMs: 5 })]);
  await split.addWorker(env);
});
afterAll(async () => {
  await Promise.all([split?.close(), simulator?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Packages and engine files that the worker has loaded by now. */
function loaded() {
  const urls = readFileSync(file, "utf8").split("\n");
  const packages = urls.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]);
  return {
    heavy: heavy.filter((name) => packages.includes(name)),
    files: urls.flatMap((url) => /\/packages\/engine\/src\/(.+)$/.exec(url)?.[1] ?? []),
  };
}

test("a worker that runs agentflows only has loaded nothing of chatflows", async () => {
  const credential = await storeCredential(split);
  const flow = await store(split, chain(start(), llm({ url: simulator.url, credential })));
  expect((await ask(split.url, flow, { question: "hello" })).status).toBe(200);
  const { files, ...rest } = loaded();
  expect(rest).toEqual({ heavy: [] });
  expect(files).toContain("nodes/agentflow/llm.ts");
  const ofChatflows = /^nodes\/chatflow\/|^retrieval\/(?:stores|embeddings|loaders)\/(?!registry)/;
  expect(files.filter((name) => ofChatflows.test(name))).toEqual([]);
});

test("it loads what a chatflow uses, and no more", async () => {
  const credential = await storeCredential(split);
  const graph = drawChatflow({
    chatOpenAI_0: { inputs: { modelName: "simulated", basepath: `${simulator.url}/v1` } },
    bufferMemory_0: { category: "Memory" },
    conversationChain_0: {
      inputs: { model: instance("chatOpenAI_0"), memory: instance("bufferMemory_0") },
    },
  });
  const nodes = graph.nodes.map((node) => ({ ...node, data: { ...node.data, credential } }));
  const flow = await store(split, { ...graph, nodes }, { type: "CHATFLOW" });
  expect((await ask(split.url, flow, { question: "hello" })).status).toBe(200);
  const { files, ...rest } = loaded();
  expect(rest).toEqual({ heavy: [] });
  expect(files.filter((name) => name.startsWith("nodes/chatflow/")).toSorted()).toEqual([
    "nodes/chatflow/buffer-memory.ts",
    "nodes/chatflow/chat-model.ts",
    "nodes/chatflow/conversation-chain.ts",
  ]);
});
