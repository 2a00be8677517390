import type { PredictionEvent } from "@sluice/core/prediction/prediction";
import type { NodeRecord } from "@sluice/engine/event";
import { expect, test } from "vitest";
import { flowiseAnswer, flowiseDialect, wordsOf } from "./flowise-dialect.ts";

const prefix = "Error: predictionsServices.buildChatflow - ";
const record = (nodeId: string): NodeRecord => ({
  nodeId,
  nodeLabel: nodeId,
  data: { id: nodeId, name: "n" },
  previousNodeIds: [],
  status: "FINISHED",
});
const result = {
  text: "done",
  question: "q",
  chatId: "c",
  sessionId: "s",
  messageId: "m",
  executionId: "e",
  startedAt: 1,
  endedAt: 2,
};

/** What a reader of the stream gets of these events. */
function told(...events: PredictionEvent[]) {
  const dialect = flowiseDialect(prefix);
  return events
    .map((event, i) => dialect.frames({ id: `1-${i + 1}`, event }))
    .join("")
    .split("\n\n")
    .filter(Boolean)
    .map((frame) => JSON.parse(frame.split("data:").slice(1).join("data:")));
}

test("a frame is Flowise's, with a number to come back to", () => {
  const event: PredictionEvent = { type: "text.delta", nodeId: "n", text: "a\nb\n\ndata: c" };
  expect(flowiseDialect(prefix).frames({ id: "1-7", event })).toBe(
    'message:\nid:1-7\ndata:{"event":"token","data":"a\\nb\\n\\ndata: c"}\n\n',
  );
});

test("nodes are announced, finished and gathered", () => {
  const node = { nodeId: "a", label: "A" };
  const frames = told(
    { type: "flow.started" },
    { type: "node.started", ...node },
    { type: "node.finished", ...node, inner: false, records: [record("a")] },
    { type: "node.finished", nodeId: "b", label: "B", inner: false, records: [record("b")] },
    { type: "flow.finished", status: "FINISHED" },
    { type: "prediction.ended", state: "succeeded", status: "FINISHED", result },
  );
  expect(frames).toEqual([
    { event: "agentFlowEvent", data: "INPROGRESS" },
    { event: "nextAgentFlow", data: { nodeId: "a", nodeLabel: "A", status: "INPROGRESS" } },
    { event: "nextAgentFlow", data: { nodeId: "a", nodeLabel: "A", status: "FINISHED" } },
    { event: "agentFlowExecutedData", data: [record("a")] },
    { event: "nextAgentFlow", data: { nodeId: "b", nodeLabel: "B", status: "FINISHED" } },
    { event: "agentFlowExecutedData", data: [record("a"), record("b")] },
    { event: "agentFlowEvent", data: "FINISHED" },
    {
      event: "metadata",
      data: { chatId: "c", chatMessageId: "m", question: "q", sessionId: "s" },
    },
    { event: "end", data: "[DONE]" },
  ]);
});

test("a run that begins anew elsewhere forgets what its first attempt had finished", () => {
  const node = { nodeId: "a", label: "A", inner: false, records: [record("a")] };
  const frames = told(
    { type: "flow.started" },
    { type: "node.finished", ...node },
    { type: "flow.started" },
    { type: "node.finished", ...node },
  );
  expect(frames.at(-1)).toEqual({ event: "agentFlowExecutedData", data: [record("a")] });
});

test("a node that is cut short and goes on elsewhere opens a new bubble", () => {
  const frames = told(
    { type: "text.delta", nodeId: "a", text: "half" },
    { type: "node.restarted", nodeId: "a", label: "A" },
    { type: "text.delta", nodeId: "a", text: "whole" },
  );
  expect(frames).toEqual([
    { event: "token", data: "half" },
    { event: "agentFlowEvent", data: "INPROGRESS" },
    { event: "token", data: "whole" },
  ]);
});

test("a failure ends in an error with the prefix that clients cut off, and the end", () => {
  const failed = { ...result, error: "It broke" };
  const frames = told({
    type: "prediction.ended",
    state: "failed",
    status: "ERROR",
    result: failed,
  });
  expect(frames).toEqual([
    { event: "error", data: `${prefix}It broke` },
    { event: "end", data: "[DONE]" },
  ]);
});

test("a wrong key of a provider has Flowise's own words", () => {
  expect(wordsOf("x 401 Incorrect API key provided y", prefix)).toBe(
    "401 Unauthorized – check your API key and ensure it has access to the requested model.",
  );
  expect(wordsOf("other", prefix)).toBe(`${prefix}other`);
});

test("an answer in JSON holds the ids, and only what there is", () => {
  expect(flowiseAnswer({ ...result, records: [record("a")] })).toEqual({
    text: "done",
    question: "q",
    chatId: "c",
    chatMessageId: "m",
    executionId: "e",
    agentFlowExecutedData: [record("a")],
    sessionId: "s",
  });
  const { question, ...silent } = result;
  expect(Object.keys(flowiseAnswer(silent))).not.toContain("question");
});
