import { expect, test } from "vitest";
import { planFlow } from "./plan.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";

const counter = {
  inputs: {
    customFunctionJavascriptFunction: "return Number($flow.state.count) + 1",
    customFunctionUpdateState: [{ key: "count", value: "{{ output }}" }],
  },
};
const loopFlow = (loop: Record<string, unknown>) =>
  drawFlow({
    start_0: { inputs: { startState: [{ key: "count", value: 0 }] }, to: ["customFunction_0"] },
    customFunction_0: { ...counter, label: "Counter", to: ["loop_0"] },
    loop_0: { inputs: { loopBackToNode: "customFunctionAgentflow_0-Counter", ...loop } },
  });

test("a loop runs its target as often as its maximum says, then answers with its fallback", async () => {
  const told = await runFlow(loopFlow({ maxLoopCount: 3, fallbackMessage: "at {{ loop_count }}" }));
  expect(told).toMatchObject({ status: "FINISHED", text: "at 2", tokens: "at 2" });
  expect(told.run).toMatchObject({ state: { count: 3 }, loopCounts: { loopAgentflow_0: 2 } });
  const loops = told.run.records.filter((record) => record.nodeId === "loopAgentflow_0");
  expect(loops.map((record) => record.data.output?.content)).toEqual([
    "Loop back to Counter (customFunctionAgentflow_0)",
    "Loop back to Counter (customFunctionAgentflow_0)",
    "at 2",
  ]);
});

test("a loop without a maximum goes round five times, one with the text 0 as the operator allows", async () => {
  const unset = await runFlow(loopFlow({ maxLoopCount: "" }));
  expect(unset.text).toBe("Loop completed after reaching maximum iteration count of 5.");
  expect(unset.run.state.count).toBe(5);
  expect((await runFlow(loopFlow({ maxLoopCount: "0" }))).run.state.count).toBe(10);
});

test("the record told of before the limit was noticed is not changed afterwards", async () => {
  const { events } = await runFlow(loopFlow({ maxLoopCount: 1, fallbackMessage: "over" }));
  const finished = events.flatMap((event) => (event.type === "node.finished" ? event.records : []));
  expect(finished.at(-1)?.data.output?.content).toMatch(/^Loop back to Counter/);
});

test("a loop's state rows take the sentence about the loop where they ask for the output", async () => {
  const rows = [{ key: "said", value: "before {{ output }} after" }];
  const told = await runFlow(loopFlow({ maxLoopCount: 1, loopUpdateState: rows }));
  expect(told.run.state.said).toBe("Loop back to Counter (customFunctionAgentflow_0)");
});

test("a loop that a worker left goes on with its count", async () => {
  const graph = loopFlow({ maxLoopCount: 3, fallbackMessage: "done" });
  const { checkpoints } = await runFlow(graph);
  const middle = checkpoints.find((state) => state.loopCount === 1)!;
  const again = await runFlow(graph, { question: "go" }, { from: middle });
  expect(again).toMatchObject({ text: "done", run: { state: { count: 3 } } });
});

test("a loop that leads nowhere, or out of an iteration, is a problem of the flow", async () => {
  const nowhere = drawFlow({
    start_0: { to: ["loop_0"] },
    loop_0: { inputs: { loopBackToNode: "llmAgentflow_7-Gone" } },
  });
  expect((await planFlow(nowhere, "AGENTFLOW")).problems).toMatchObject([
    { message: "loop_0 loops back to llmAgentflow_7, which is not in the flow" },
  ]);
  const outside = drawFlow({
    start_0: { to: ["directReply_0"] },
    directReply_0: { to: ["iteration_0"] },
    iteration_0: {},
    loop_0: { inside: "iteration_0", inputs: { loopBackToNode: "directReplyAgentflow_0-x" } },
  });
  expect((await planFlow(outside, "AGENTFLOW")).problems).toMatchObject([
    { message: "loop_0 loops back to directReply_0 across the border of an iteration" },
  ]);
});

test("a join does not wait for a branch that only an earlier round took", async () => {
  const first = { type: "number", value1: "{{ loop_count }}", operation: "equal", value2: "0" };
  const says = (directReplyMessage: string) => ({ directReplyMessage });
  const graph = drawFlow({
    start_0: { to: ["directReply_0"] },
    directReply_0: { inputs: says("draft"), to: ["condition_0", "directReply_1"] },
    condition_0: { inputs: { conditions: [first] }, to: ["0>directReply_2", "1>directReply_3"] },
    directReply_1: { inputs: says("always"), to: ["directReply_4"] },
    directReply_2: { inputs: says("first"), to: ["directReply_4"] },
    directReply_3: { inputs: says("later") },
    directReply_4: { inputs: says("joined"), to: ["loop_0"] },
    loop_0: { inputs: { loopBackToNode: "directReplyAgentflow_0-x", maxLoopCount: 3 } },
  });
  const { run } = await runFlow(graph);
  const rounds = run.records.filter(({ nodeId }) => nodeId === "directReplyAgentflow_4");
  expect([rounds.length, run.waiting]).toEqual([3, {}]);
});

test("a join waits for a branch that a loop takes later", async () => {
  const first = { type: "number", value1: "{{ loop_count }}", operation: "equal", value2: "0" };
  const says = (directReplyMessage: string) => ({ directReplyMessage });
  const graph = drawFlow({
    start_0: { to: ["directReply_0", "directReply_1"] },
    directReply_0: { inputs: says("left"), to: ["directReply_2"] },
    directReply_1: { inputs: says("draft"), to: ["condition_0"] },
    condition_0: { inputs: { conditions: [first] }, to: ["0>loop_0", "1>directReply_2"] },
    loop_0: { inputs: { loopBackToNode: "directReplyAgentflow_1-x", maxLoopCount: 3 } },
    directReply_2: { inputs: says("joined") },
  });
  const { run, text } = await runFlow(graph);
  const joined = run.records.filter(({ nodeId }) => nodeId === "directReplyAgentflow_2");
  expect([joined.length, text, run.waiting]).toEqual([1, "joined", {}]);
});
