import { expect, test } from "vitest";
import { readPermissions } from "./run-input.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";

const says = (directReplyMessage: string) => ({ directReplyMessage });
const replying = (text: string, start: Record<string, unknown> = {}) =>
  drawFlow({
    start_0: { inputs: start, to: ["directReply_0"] },
    directReply_0: { inputs: says(text) },
  });

test("a last reply is said once, as the answer", async () => {
  const told = await runFlow(replying("You asked: {{ question }}"), { question: "why?" });
  expect(told).toMatchObject({ status: "FINISHED", text: "You asked: why?" });
  expect(told.events.map(({ type }) => type)).toEqual([
    ...["flow.started", "node.started", "node.finished"],
    ...["node.started", "text.delta", "node.finished", "flow.finished"],
  ]);
  expect(told.run.records[1]).toMatchObject({
    nodeId: "directReplyAgentflow_0",
    previousNodeIds: ["startAgentflow_0"],
    status: "FINISHED",
    data: { name: "directReplyAgentflow", output: { content: "You asked: why?" } },
  });
});

test("a run that goes round for ever ends with an error and its record", async () => {
  const graph = drawFlow({
    start_0: { to: ["directReply_0"] },
    directReply_0: { inputs: says("again"), to: ["loop_0"] },
    loop_0: { inputs: { loopBackToNode: "directReplyAgentflow_0-x", maxLoopCount: 1_000_000 } },
  });
  const told = await runFlow(graph);
  expect(told.status).toBe("ERROR");
  expect(told.error).toContain("Maximum number of nodes per run (100)");
  expect(told.run.records.at(-1)).toMatchObject({ status: "ERROR", data: { error: told.error } });
});

test("variables of the request go before stored ones, in references and in code, where permitted", async () => {
  const graph = drawFlow({
    start_0: { to: ["customFunction_0"] },
    customFunction_0: {
      inputs: {
        customFunctionInputVariables: [{ variableName: "seen", variableValue: "{{ $vars.shop }}" }],
        customFunctionJavascriptFunction: "return [$seen, $vars.shop, $vars.other].join()",
      },
    },
  });
  const services = { variables: async () => ({ shop: "stored", other: "stored" }) };
  const permissions = readPermissions({
    overrideConfig: { status: true, variables: [{ name: "shop", enabled: true }] },
  })!;
  const overrideConfig = { vars: { shop: "asked", other: "asked" } };
  const told = await runFlow(graph, { question: "x", overrideConfig, permissions }, { services });
  expect(told.text).toBe("asked,asked,stored");
});

test("a custom function sees question, state and inputs, keeps numbers, and tells what it threw", async () => {
  const graph = (code: string) =>
    drawFlow({
      start_0: { inputs: { startState: [{ key: "a", value: "1" }] }, to: ["customFunction_0"] },
      customFunction_0: {
        inputs: {
          customFunctionJavascriptFunction: code,
          customFunctionUpdateState: [{ key: "a", value: "{{ output }}" }],
        },
      },
    });
  const told = await runFlow(graph("return Number($flow.state.a) + $input.length"));
  expect([told.run.state.a, told.text]).toEqual([3, "3"]);
  const object = await runFlow(graph("return { tea: true }"));
  expect(object.text).toBe('{\n  "tea": true\n}');
  const failed = await runFlow(graph("throw new Error('no tea')"));
  expect([failed.status, failed.error]).toEqual(["ERROR", "Error: no tea"]);
});

test("a condition compares what references became, as text where they are numbers", async () => {
  const graph = drawFlow({
    start_0: { to: ["customFunction_0"] },
    customFunction_0: {
      inputs: { customFunctionJavascriptFunction: "return 7" },
      to: ["condition_0"],
    },
    condition_0: {
      inputs: {
        conditions: [
          {
            type: "string",
            value1: "{{ customFunctionAgentflow_0.output.content }}",
            operation: "equal",
            value2: "7",
          },
        ],
      },
      to: ["0>directReply_0", "1>directReply_1"],
    },
    directReply_0: { inputs: says("seven") },
    directReply_1: { inputs: says("else") },
  });
  const told = await runFlow(graph);
  expect(told.text).toBe("seven");
  expect(told.run.records[2]?.data.output).toMatchObject({
    conditions: [{ isFulfilled: true }, { isFulfilled: false }],
  });
});

test("a form of a later turn is in the Start node's output and in references", async () => {
  const graph = replying("{{ $form.who }}", {
    startInputType: "formInput",
    formInputTypes: [{ name: "who", type: "string" }],
  });
  const previous = await runFlow(graph, { form: { who: "Ada" } });
  const services = { previousExecution: async () => ({ records: previous.run.records }) };
  const told = await runFlow(graph, { form: { who: "Eve" } }, { services: services as never });
  expect(told.text).toBe("Eve");
  expect(told.run.records[0]?.data.output?.form).toBe("who: Eve");
  const without = await runFlow(graph, {}, { services: services as never });
  expect(without.text).toBe("Ada");
});

test("state that is kept goes on from the last turn", async () => {
  const startState = [{ key: "n", value: "0" }];
  const graph = replying("{{ $flow.state.n }}", { startState, startPersistState: true });
  const records = [{ data: { state: { n: "5" } } }];
  const services = { previousExecution: async () => ({ records }) };
  expect((await runFlow(graph, {}, { services: services as never })).text).toBe("5");
  const fresh = { newConversation: true };
  expect((await runFlow(graph, fresh, { services: services as never })).text).toBe("0");
});

test("a run that is stopped between two nodes ends as cancelled", async () => {
  const told = await runFlow(replying("x"), {}, { services: { signal: AbortSignal.abort() } });
  expect(told).toMatchObject({ status: "TERMINATED", error: "Flow execution was cancelled" });
});
