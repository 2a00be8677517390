import type { FlowGraph } from "@sluice/engine/graph";
import { expect, test } from "vitest";
import { isStreamable } from "./is-streamable.ts";

const model = (inputs: Record<string, unknown>) => ({
  id: "model",
  data: { name: "chatOpenAI", category: "Chat Models", inputs },
});
const ending = (name: string, category: string, outputs = {}) => ({
  id: "end",
  data: { name, category, outputs },
});
const edges = [{ source: "model", target: "end" }];
const chain = ending("llmChain", "Chains");
const chatflow = { type: "CHATFLOW", chatbot_config: null };
const streams = (nodes: FlowGraph["nodes"], flow = chatflow) =>
  isStreamable(flow, { nodes, edges });

test("an agentflow streams, unless its answer is worked over at the end", () => {
  expect(streams([], { ...chatflow, type: "AGENTFLOW" })).toBe(true);
  const config = JSON.stringify({ postProcessing: { enabled: true } });
  expect(isStreamable({ type: "AGENTFLOW", chatbot_config: config }, { nodes: [], edges })).toBe(
    false,
  );
});

test("a chain streams when its model does", () => {
  expect(streams([model({ streaming: true }), chain])).toBe(true);
  expect(streams([model({}), chain])).toBe(true);
  expect(streams([model({ streaming: false }), chain])).toBe(false);
  expect(streams([model({ streaming: "" }), chain])).toBe(false);
  expect(streams([chain])).toBe(false);
});

test("only some agents stream, and nothing that is parsed or made by a function", () => {
  expect(streams([model({}), ending("toolAgent", "Agents")])).toBe(true);
  expect(streams([model({}), ending("reactAgentChat", "Agents")])).toBe(false);
  expect(streams([model({}), ending("seqEnd", "Sequential Agents")])).toBe(true);
  const code = ending("customFunction", "Utilities", { output: "EndingNode" });
  expect(streams([model({}), code])).toBe(false);
  const parser = { id: "parser", data: { name: "csvOutputParser", category: "Output Parsers" } };
  expect(streams([model({}), chain, parser])).toBe(false);
});
