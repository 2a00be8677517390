import { expect, test } from "vitest";
import { planFlow } from "./plan.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";

const each = (code: string, items: unknown = '["a","b","c"]') =>
  drawFlow({
    start_0: { inputs: { startState: [{ key: "seen", value: "" }] }, to: ["iteration_0"] },
    iteration_0: { inputs: { iterationInput: items }, to: ["directReply_0"] },
    customFunction_0: {
      inside: "iteration_0",
      inputs: {
        customFunctionInputVariables: [{ variableName: "item", variableValue: "{{ $iteration }}" }],
        customFunctionJavascriptFunction: code,
        customFunctionUpdateState: [
          { key: "seen", value: "{{ $flow.state.seen }}{{ $iteration }}" },
        ],
      },
    },
    directReply_0: { inputs: { directReplyMessage: "all: {{ iterationAgentflow_0 }}" } },
  });

test("an iteration runs its body for each item and joins what it said", async () => {
  const told = await runFlow(each("return $item + '!'"));
  expect(told).toMatchObject({ status: "FINISHED", text: "all: a!\nb!\nc!" });
  expect(told.run.state.seen).toBe("abc");
  expect(told.run.iteration).toBeUndefined();
  expect(told.run.records.map((record) => record.nodeId)).toEqual([
    "startAgentflow_0",
    ...Array<string>(3).fill("customFunctionAgentflow_0"),
    "iterationAgentflow_0",
    "directReplyAgentflow_0",
  ]);
  expect(told.run.records[2]?.data).toMatchObject({
    iterationIndex: 1,
    iterationContext: { index: 1, value: "b", isFirst: false, isLast: false, sessionId: "s" },
    parentNodeId: "iterationAgentflow_0",
  });
});

test("the body tells of its nodes as inner ones, and the iteration's end carries their records", async () => {
  const { events, tokens } = await runFlow(each("return $item"));
  const finished = events.flatMap((event) => (event.type === "node.finished" ? [event] : []));
  expect(finished.filter((event) => event.inner)).toHaveLength(3);
  expect(finished.find((event) => event.nodeId === "iterationAgentflow_0")?.records).toHaveLength(
    4,
  );
  expect(tokens).toBe("all: a\nb\nc");
});

test("an item that fails leaves its error and the others go on", async () => {
  const told = await runFlow(each("if ($item === 'b') throw new Error('no b'); return $item"));
  expect(told).toMatchObject({
    status: "FINISHED",
    text: "all: a\nError in iteration 2: Error: no b\nc",
  });
});

test("a stop inside an item ends the run", async () => {
  const stop = new AbortController();
  let rounds = 0;
  const code = {
    async run() {
      if (++rounds === 2) stop.abort();
      return "said";
    },
    close: async () => {},
  };
  const told = await runFlow(
    each(""),
    { question: "go" },
    { services: { code, signal: stop.signal } },
  );
  expect(rounds).toBe(2);
  expect(told).toMatchObject({ status: "TERMINATED", error: "Flow execution was cancelled" });
});

test("an iteration that a worker left goes on after the last finished item", async () => {
  const graph = each("return $item");
  const { checkpoints } = await runFlow(graph);
  const middle = checkpoints.find((state) => state.iteration?.index === 2)!;
  let rounds = 0;
  const code = { run: async () => `again ${++rounds}`, close: async () => {} };
  const again = await runFlow(graph, { question: "go" }, { from: middle, services: { code } });
  expect(again.text).toBe("all: a\nb\nagain 1");
  expect(again.run.records).toHaveLength(6);
});

test("a list with escaped quotes is read, and what is no list is refused", async () => {
  expect((await runFlow(each("return $item", '[\\"x\\", \\"y\\"]'))).text).toBe("all: x\ny");
  const refused = await runFlow(each("return 1", "no list"));
  expect(refused).toMatchObject({ status: "ERROR", error: "Invalid input array" });
});

test("iterations may lie in each other", async () => {
  const graph = drawFlow({
    start_0: { to: ["iteration_0"] },
    iteration_0: { inputs: { iterationInput: "[[1,2],[3]]" } },
    iteration_1: { inside: "iteration_0", inputs: { iterationInput: "{{ $iteration }}" } },
    directReply_0: { inside: "iteration_1", inputs: { directReplyMessage: "<{{ $iteration }}>" } },
  });
  expect((await runFlow(graph)).text).toBe("<1>\n<2>\n<3>");
});

test("a human cannot be asked inside an iteration", async () => {
  const graph = drawFlow({
    start_0: { to: ["iteration_0"] },
    iteration_0: {},
    humanInput_0: { inside: "iteration_0" },
  });
  expect((await planFlow(graph, "AGENTFLOW")).problems).toMatchObject([
    { nodeId: "humanInputAgentflow_0", message: expect.stringContaining("inside an iteration") },
  ]);
});
