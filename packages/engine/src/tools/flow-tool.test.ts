import { expect, test } from "vitest";
import type { FlowGraph } from "../graph.ts";
import { planFlow } from "../plan.ts";
import { drawFlow } from "../run-test-bench.ts";
import type { Services } from "../services.ts";
import type { SubflowCall } from "../subflow.ts";
import { callTool, toolRun, toolsAt } from "./tool-test-bench.ts";

const echo = drawFlow({
  start_0: { to: ["directReply_0"] },
  directReply_0: { inputs: { directReplyMessage: "<{{ question }}>" } },
});
const kinds = [
  ["ChatflowTool", "selectedChatflow"],
  ["agentAsTool", "selectedAgentflow"],
] as const;

/** A run that finds one flow, which is this one. */
function runBeside(graph: FlowGraph = echo) {
  const calls: SubflowCall[] = [];
  const run = toolRun(
    {
      async subflow(call) {
        calls.push(call);
        if (call.flowId !== "other") throw new Error(`Chatflow ${call.flowId} not found`);
        return {
          plan: await planFlow(graph, "AGENTFLOW"),
          permissions: undefined,
          messageId: "m2",
          services: { ...run.services, ...silent },
          finished: async () => {},
        };
      },
    },
    { request: { flowId: "f", chatId: "c", sessionId: "s", messageId: "m", question: "Tea?" } },
  );
  return { run, calls };
}
const silent = {
  emit() {},
  checkpoint() {},
  pastMessages: async () => [],
  limits: { maxIterations: 100, maxLoopCount: 10 },
} as unknown as Services;

test.each(kinds)("%s asks the chosen flow what the model sends", async (name, chosen) => {
  const { run, calls } = runBeside();
  const config = { [chosen]: "other", name: "Ask the Other", description: "Knows tea" };
  const [tool] = await toolsAt(run, name, config);
  expect(tool).toMatchObject({
    name: "ask_the_other",
    description: "Knows tea",
    schema: { required: ["input"] },
    returnDirect: false,
  });
  expect(await tool!.call({ input: "6*7?" }, run)).toEqual({ text: "<6*7?>" });
  expect(calls).toEqual([{ flowId: "other", chatId: "c", sessionId: "s" }]);
});

test("the chat's question or a fixed text goes before what the model sends", async () => {
  const { run } = runBeside();
  const ask = async (more: object) => {
    const config = { selectedChatflow: "other", ...more };
    return (await callTool(run, "ChatflowTool", config, { input: "x" })).text;
  };
  expect(await ask({ useQuestionFromChat: true })).toBe("<Tea?>");
  expect(await ask({ customInput: "fixed" })).toBe("<fixed>");
});

test("a new session has an id of its own", async () => {
  const { run, calls } = runBeside();
  const config = { selectedAgentflow: "other", startNewSession: true };
  await callTool(run, "agentAsTool", config, { input: "x" });
  expect(calls[0]?.sessionId).toMatch(/^[0-9a-f-]{36}$/);
});

test("a failure of the other flow is told to the model, a flow that is not there fails the tool", async () => {
  const failing = drawFlow({
    start_0: { to: ["http_0"] },
    http_0: { inputs: { url: "http://10.0.0.1/" } },
  });
  const { run } = runBeside(failing);
  const told = await callTool(run, "ChatflowTool", { selectedChatflow: "other" }, { input: "x" });
  expect(told.text).toMatch(/^The flow failed: .*10\.0\.0\.1 is denied/);
  const gone = callTool(run, "ChatflowTool", { selectedChatflow: "gone" }, { input: "x" });
  await expect(gone).rejects.toThrow("Chatflow gone not found");
  const none = toolsAt(run, "agentAsTool", {});
  await expect(none).rejects.toThrow("Agent as Tool: choose a flow");
  const itself = callTool(run, "agentAsTool", { selectedAgentflow: "f" }, { input: "x" });
  await expect(itself).rejects.toThrow("A flow cannot execute itself");
});
