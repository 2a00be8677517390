import { expect, test } from "vitest";
import type { FlowGraph } from "./graph.ts";
import { planFlow } from "./plan.ts";
import type { Outcome } from "./run.ts";
import type { RunInput } from "./run-input.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";
import type { Services } from "./services.ts";
import type { Subflow, SubflowCall } from "./subflow.ts";

const caller = (flowId: string, inputs: Record<string, unknown> = {}) =>
  drawFlow({
    start_0: { to: ["executeFlow_0"] },
    executeFlow_0: {
      label: "Execute Flow 0",
      inputs: {
        executeFlowSelectedFlow: flowId,
        executeFlowInput: "child, {{ question }}",
        ...inputs,
      },
    },
  });
const child = drawFlow({
  start_0: { to: ["directReply_0"] },
  directReply_0: { inputs: { directReplyMessage: "<{{ question }}>" } },
});

/** A house of flows by id; says what was called and how it ended. */
function houseOf(flows: Record<string, FlowGraph>) {
  const calls: SubflowCall[] = [];
  const ended: [RunInput, Outcome][] = [];
  const signal = new AbortController().signal;
  const subflow = async (call: SubflowCall): Promise<Subflow> => {
    calls.push(call);
    const graph = flows[call.flowId];
    if (!graph) throw new Error(`Chatflow ${call.flowId} not found`);
    return {
      plan: await planFlow(graph, "AGENTFLOW"),
      permissions: undefined,
      messageId: "m2",
      services: {
        emit() {},
        checkpoint() {},
        signal,
        pastMessages: async () => [],
        now: Date.now,
        newId: () => "an-id",
        code: { run: () => Promise.reject(new Error("no code")), close: async () => {} },
        limits: { maxIterations: 100, maxLoopCount: 10 },
        subflow,
      } as unknown as Services,
      finished: async (request, outcome) => void ended.push([request, outcome]),
    };
  };
  return { calls, ended, services: { subflow } };
}

test("a flow's answer is the content of the node that executed it, and is stored for it", async () => {
  const { calls, ended, services } = houseOf({ child });
  const told = await runFlow(caller("child"), { question: "help" }, { services });
  expect(told).toMatchObject({ text: "<child, help>", tokens: "<child, help>" });
  expect(calls).toEqual([{ flowId: "child", chatId: "c", sessionId: "c" }]);
  expect(ended).toMatchObject([
    [{ question: "child, help", callers: ["f"] }, { status: "FINISHED" }],
  ]);
  expect(told.run.history).toEqual([
    { role: "user", content: "child, help" },
    { role: "user", content: "<child, help>", name: "execute_flow_0" },
  ]);
});

test("an override may put the other flow into a session of its own", async () => {
  const { calls, services } = houseOf({ child });
  const inputs = { executeFlowOverrideConfig: "{ sessionId: 'mine' }" };
  await runFlow(caller("child", inputs), { question: "help" }, { services });
  expect(calls[0]).toMatchObject({ chatId: "c", sessionId: "mine" });
});

test("a failure of the other flow is its answer, an unknown flow is a failure", async () => {
  const failing = drawFlow({ start_0: { to: ["customFunction_0"] }, customFunction_0: {} });
  const { services } = houseOf({ failing });
  const told = await runFlow(caller("failing"), { question: "help" }, { services });
  expect(told.status).toBe("FINISHED");
  expect(JSON.parse(told.text)).toMatchObject({ success: false, message: "Error: no code" });
  const unknown = await runFlow(caller("gone"), { question: "help" }, { services });
  expect(unknown).toMatchObject({ status: "ERROR", error: "Chatflow gone not found" });
});

test("a flow cannot execute itself, and flows that execute each other come to an end", async () => {
  const { services, calls } = houseOf({ a: caller("b"), b: caller("a") });
  const itself = await runFlow(caller("f"), { question: "help" }, { services });
  expect(itself.error).toBe("A flow cannot execute itself");
  const told = await runFlow(caller("a"), { question: "help" }, { services });
  expect(told.text).toContain("more than 5 deep");
  expect(calls).toHaveLength(5);
});
