import { expect, test } from "vitest";
import type { HistoryMessage } from "./event.ts";
import { scriptedProvider } from "./models/scripted-provider.ts";
import { resumedState } from "./resume.ts";
import { drawFlow, runFlow, type Told } from "./run-test-bench.ts";

const asking = drawFlow({
  start_0: { inputs: { startState: [{ key: "a", value: "1" }] }, to: ["humanInput_0"] },
  humanInput_0: {
    inputs: { humanInputDescriptionType: "fixed", humanInputDescription: "Go on?" },
    to: ["0>directReply_0", "1>directReply_1"],
  },
  directReply_0: { inputs: { directReplyMessage: "yes, {{ $flow.state.a }}" } },
  directReply_1: { inputs: { directReplyMessage: "no: {{ humanInputAgentflow_0 }}" } },
});

const overTheWire = (told: Told) => resumedState(structuredClone(told.run));
const statuses = ({ run }: Told) => run.records.map(({ nodeId, status }) => `${nodeId} ${status}`);

test("a human input node stops the run and says what it asks", async () => {
  const told = await runFlow(asking);
  expect(told).toMatchObject({ status: "STOPPED", text: "Go on?", tokens: "Go on?" });
  expect(told.action).toMatchObject({
    id: "an-id",
    mapping: { approve: "Proceed", reject: "Reject" },
    data: { nodeId: "humanInputAgentflow_0", nodeLabel: "humanInput_0" },
  });
  expect(told.events.slice(-3).map((event) => event.type)).toEqual([
    "node.stopped",
    "flow.paused",
    "flow.finished",
  ]);
  expect(told.checkpoints.at(-1)?.paused?.nodeId).toBe("humanInputAgentflow_0");
});

test("proceed and reject lead to their own outputs, and the answer replaces the question", async () => {
  const from = await runFlow(asking);
  const yes = await runFlow(
    asking,
    { humanInput: { type: "proceed" } },
    { from: overTheWire(from) },
  );
  expect(yes).toMatchObject({ status: "FINISHED", text: "yes, 1" });
  expect(statuses(yes)).toEqual([
    "startAgentflow_0 FINISHED",
    "humanInputAgentflow_0 FINISHED",
    "directReplyAgentflow_0 FINISHED",
  ]);
  expect(yes.events[0]).toMatchObject({ type: "flow.started", records: [{ status: "FINISHED" }] });
  const humanInput = { type: "reject", feedback: "too long" };
  const no = await runFlow(asking, { humanInput }, { from: overTheWire(from) });
  expect(no.text).toBe("no: too long");
  expect(no.run.history).toEqual([{ role: "user", content: "too long" }]);
  expect(no.run.records[1]?.data.output?.conditions).toMatchObject([
    { type: "proceed", isFulfilled: false },
    { type: "reject", isFulfilled: true, feedback: "too long" },
  ]);
});

test("a paused run that another worker finds is paused still", async () => {
  const { run } = await runFlow(asking);
  const again = await runFlow(asking, { question: "go" }, { from: structuredClone(run) });
  expect(again).toMatchObject({ status: "STOPPED", text: "Go on?", action: { id: "an-id" } });
  expect(again.run.records).toHaveLength(2);
});

test("what else was to run, half-filled joins and loop counts survive the pause", async () => {
  const graph = drawFlow({
    start_0: { to: ["directReply_0", "humanInput_0"] },
    directReply_0: { inputs: { directReplyMessage: "left" }, to: ["directReply_2"] },
    humanInput_0: { to: ["0>directReply_1"] },
    directReply_1: { inputs: { directReplyMessage: "right" }, to: ["directReply_2"] },
    directReply_2: {
      inputs: { directReplyMessage: "{{ directReplyAgentflow_0 }}+{{ directReplyAgentflow_1 }}" },
    },
  });
  const from = await runFlow(graph);
  const told = await runFlow(
    graph,
    { humanInput: { type: "proceed" } },
    { from: overTheWire(from) },
  );
  expect(told.text).toBe("left+right");
  const counted = resumedState({ ...from.run, loopCounts: { loopAgentflow_0: 2 } });
  expect(counted).toMatchObject({ loopCounts: { loopAgentflow_0: 2 }, paused: undefined });
});

test("the form that a run began with is there after the pause, and is not said again", async () => {
  const graph = drawFlow({
    start_0: {
      inputs: { startInputType: "formInput", formInputTypes: [{ name: "who" }] },
      to: ["humanInput_0"],
    },
    humanInput_0: { to: ["0>customFunction_0"] },
    customFunction_0: {
      inputs: {
        customFunctionInputVariables: [{ variableName: "who", variableValue: "{{ $form.who }}" }],
        customFunctionJavascriptFunction: "return [$who, $input].join('|')",
      },
    },
  });
  const from = await runFlow(graph, { form: { who: "A: b\nc" } });
  const told = await runFlow(
    graph,
    { humanInput: { type: "proceed" } },
    { from: overTheWire(from) },
  );
  expect(told.text).toBe("A: b\nc|");
});

test("models see the saved conversation after a pause, or the run's where nothing is saved", async () => {
  const { run } = await runFlow(asking);
  expect(resumedState(run).history).toEqual([]);
  expect(resumedState({ ...run, ephemeral: true }).history).toEqual([
    { role: "assistant", content: "Go on?" },
  ]);
});

test("a node that asks again after a loop waits again, with its new answer only", async () => {
  const graph = drawFlow({
    start_0: { to: ["directReply_0"] },
    directReply_0: { inputs: { directReplyMessage: "draft" }, to: ["humanInput_0"] },
    humanInput_0: { to: ["1>loop_0"] },
    loop_0: { inputs: { loopBackToNode: "directReplyAgentflow_0-x", maxLoopCount: 2 } },
  });
  const first = await runFlow(graph);
  const humanInput = { type: "reject" };
  const second = await runFlow(graph, { humanInput }, { from: overTheWire(first) });
  expect(second.status).toBe("STOPPED");
  const third = await runFlow(graph, { humanInput }, { from: overTheWire(second) });
  expect(third.text).toBe("Loop completed after reaching maximum iteration count of 2.");
  expect(statuses(third).filter((text) => text.startsWith("humanInput"))).toHaveLength(1);
});

test("a dynamic question is composed by a model from what was said, and streams", async () => {
  const provider = await scriptedProvider((response) =>
    response
      .writeHead(200, { "content-type": "text/event-stream" })
      .end('data: {"choices":[{"delta":{"content":"Shall I?"}}]}\n\ndata: [DONE]\n\n'),
  );
  const graph = drawFlow({
    start_0: { to: ["humanInput_0"] },
    humanInput_0: {
      inputs: {
        humanInputDescriptionType: "dynamic",
        humanInputModel: "chatOpenAI",
        humanInputModelConfig: { basepath: `${provider.url}/v1`, modelName: "m" },
        humanInputModelPrompt: "Sum up.",
      },
    },
  });
  const past: HistoryMessage[] = [{ role: "assistant", content: "Earlier." }];
  const services = { fetch: provider.fetch };
  const told = await runFlow(graph, { question: "go" }, { services, past });
  expect(told).toMatchObject({ status: "STOPPED", text: "Shall I?", tokens: "Shall I?" });
  expect(provider.requests[0]?.body.messages).toEqual([
    { role: "assistant", content: "Earlier." },
    { role: "user", content: "Sum up." },
  ]);
});
