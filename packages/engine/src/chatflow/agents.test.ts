import { expect, test } from "vitest";
import {
  answers,
  askChatflow,
  drawChatflow,
  instance,
  providerOf,
  says,
} from "./chatflow-test-bench.ts";

const agent = (name: string, inputs: Record<string, unknown> = {}) =>
  drawChatflow({
    chatOpenAI_0: {},
    calculator_0: {},
    bufferMemory_0: {},
    [`${name}_0`]: {
      inputs: {
        model: instance("chatOpenAI_0"),
        tools: [instance("calculator_0")],
        memory: instance("bufferMemory_0"),
        ...inputs,
      },
    },
  });
const sum = { name: "calculator", args: { input: "6*7" } };

test("a tool agent streams its rounds, and tells the tools at the end", async () => {
  const { requests, services } = await providerOf(
    says("Let me see. ", sum, { name: "nothing", args: {} }),
    says("It is 42."),
  );
  const told = await askChatflow(agent("toolAgent"), {}, services);
  expect(told.tokens).toBe("Let me see. It is 42.");
  const usedTools = [{ tool: "calculator", toolInput: { input: "6*7" }, toolOutput: "42" }];
  expect(told.chat?.body).toEqual({ text: "It is 42.", usedTools });
  expect(told.events.at(-1)).toMatchObject({ type: "tool.used", tools: usedTools });
  expect(requests[1]?.body.messages.slice(-2)).toEqual([
    { role: "tool", content: "42", tool_call_id: "call-0" },
    { role: "tool", content: "There is no tool named nothing", tool_call_id: "call-1" },
  ]);
});

test("a tool agent stops after its rounds", async () => {
  const { services } = await providerOf(says("", sum), says("", sum));
  const told = await askChatflow(agent("toolAgent", { maxIterations: "2" }), {}, services);
  expect(told.text).toBe("Agent stopped due to max iterations.");
});

test("a conversational agent calls tools in JSON and answers in it", async () => {
  const { requests, services } = await providerOf(
    answers('```json\n{"action": "calculator", "action_input": "6*7"}\n```'),
    answers('{"action": "Final Answer", "action_input": "It is 42."}'),
  );
  const told = await askChatflow(agent("conversationalAgent"), { stream: false }, services);
  expect(told.chat?.body).toMatchObject({ text: "It is 42.", usedTools: [{ toolOutput: "42" }] });
  expect(requests[0]?.body.messages[0].content).toContain("calculator: ");
});

test("a ReAct agent acts in lines; what it makes up after its call is not believed", async () => {
  const { requests, services } = await providerOf(
    answers(
      "Thought: count\nAction: calculator\nAction Input: 6*7\nObservation: 41\nFinal Answer: 41",
    ),
    answers("Thought: done\nFinal Answer: 42"),
  );
  const told = await askChatflow(agent("reactAgentChat"), { stream: false }, services);
  expect(told.chat?.body).toEqual({ text: "42" });
  expect(requests[1]?.body.messages.at(-1)).toEqual({ role: "user", content: "Observation: 42" });
});
