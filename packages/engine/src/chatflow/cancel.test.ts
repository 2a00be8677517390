import { expect, test } from "vitest";
import type { Reply } from "../models/scripted-provider.ts";
import {
  answers,
  askChatflow,
  drawChatflow,
  instance,
  providerOf,
  says,
} from "./chatflow-test-bench.ts";

const model = instance("chatOpenAI_0");
const tools = [instance("calculator_0")];
const memory = instance("bufferMemory_0");
const agent = (id: string, inputs: object = {}) =>
  drawChatflow({
    chatOpenAI_0: {},
    calculator_0: { category: "Tools" },
    bufferMemory_0: {},
    [id]: { inputs: { model, tools, memory, ...inputs } },
  });
const callsTool: Reply = says("", { name: "calculator", args: { input: "1+1" } });
const actsInLines = answers("Action: calculator\nAction Input: 1+1");
const actsInJson = answers('{"action":"calculator","action_input":"1+1"}');

const ask = { model, prompt: instance("promptTemplate_0") };
const chained = drawChatflow({
  chatOpenAI_0: {},
  promptTemplate_0: { category: "Prompts", inputs: { template: "{question}" } },
  llmChain_0: { inputs: ask, output: "outputPrediction" },
  promptTemplate_1: {
    category: "Prompts",
    inputs: { template: "{said}", promptValues: { said: instance("llmChain_0") } },
    accepts: ["json:promptValues"],
  },
  llmChain_1: { inputs: { model, prompt: instance("promptTemplate_1") } },
});

/** What each flow gets to hear before the call of the model that never ends. */
test.each([
  ["a tool agent's first round", agent("toolAgent_0"), []],
  ["a tool agent's second round", agent("toolAgent_0"), [callsTool]],
  ["a ReAct agent's second round", agent("reactAgentChat_0"), [actsInLines]],
  ["a conversational agent's second round", agent("conversationalAgent_0"), [actsInJson]],
  ["a chain that answers into a prompt", chained, []],
  ["the chain behind it", chained, [answers("green")]],
])("a cancel closes the model's connection in %s", async (_, graph, before) => {
  const stop = new AbortController();
  const { requests, services } = await providerOf(...before, () => stop.abort());
  const told = await askChatflow(graph, {}, { ...services, signal: stop.signal });
  expect(told.status).toBe("TERMINATED");
  expect(requests).toHaveLength(before.length + 1);
  await expect.poll(() => requests.at(-1)?.closedEarly).toBe(true);
});
