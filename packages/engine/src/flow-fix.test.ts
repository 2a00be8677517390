import { expect, test } from "vitest";
import type { FlowFix } from "./flow-fix.ts";
import { openVectorStore } from "./knowledge.ts";
import { json, scriptedProvider } from "./models/scripted-provider.ts";
import { resumedState } from "./resume.ts";
import { knowledgeServer } from "./retrieval/knowledge-test-bench.ts";
import { varied } from "./retrieval/mmr.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";
import { updateState } from "./state-update.ts";
import { callTool, serve, toolRun } from "./tools/tool-test-bench.ts";

const answers = (content: string) =>
  json({ choices: [{ message: { content }, finish_reason: "stop" }] });
const inner = ({ role, content }: { role: string; content: string }) => `${role}: ${content}`;

/** Asks a model before and after a human, and says what the second call saw. */
async function seenAfterPause(fixes: FlowFix[]) {
  const provider = await scriptedProvider(answers("Draft."), answers("Done."));
  const llm = {
    llmModel: "chatOpenAI",
    llmModelConfig: { basepath: provider.url, modelName: "m", streaming: false },
    llmEnableMemory: true,
    llmReturnResponseAs: "assistantMessage",
  };
  const graph = drawFlow({
    start_0: { to: ["llm_0"] },
    llm_0: { inputs: llm, to: ["humanInput_0"] },
    humanInput_0: {
      inputs: {
        humanInputDescriptionType: "fixed",
        humanInputDescription: "Go on?",
        humanInputEnableFeedback: true,
      },
      to: ["0>llm_1"],
    },
    llm_1: { inputs: llm },
  });
  const services = { fetch: provider.fetch };
  const before = { role: "user", content: "before" };
  const paused = await runFlow(graph, { question: "Write." }, { services, past: [before], fixes });
  // What the pause saved: the question and the answer, which is what the human was asked.
  const past = [
    before,
    { role: "user", content: "Write." },
    { role: "assistant", content: paused.text },
  ];
  const humanInput = { type: "proceed", feedback: "Shorter." };
  const from = resumedState(structuredClone(paused.run));
  const told = await runFlow(graph, { humanInput }, { services, past, from, fixes });
  expect(told.text).toBe("Done.");
  return provider.requests[1]!.body.messages.map(inner);
}

test("after a pause models see the saved conversation, or put right all that the run has said", async () => {
  const saved = await seenAfterPause([]);
  expect(saved.slice(0, 2)).toEqual(["user: before", "user: Write."]);
  expect(saved).not.toContain("assistant: Draft.");
  expect(await seenAfterPause(["resumeHistory"])).toEqual([
    "user: before",
    "user: Write.",
    "assistant: Draft.",
    "assistant: Draft.\n\nGo on?",
    "user: Shorter.",
  ]);
});

test("text around a field of the output is lost in a state value, or put right kept", () => {
  const rows = [{ key: "a", value: "x {{ output.b }} and {{ output.c.d }}, {{ output.z }}" }];
  const content = '{"b":7,"c":{"d":[1]}}';
  expect(updateState({}, rows, content)).toEqual({ a: 7 });
  expect(updateState({}, rows, content, true)).toEqual({ a: "x 7 and [1], {{ output.z }}" });
  const whole = [{ key: "a", value: "{{ output.c.d }}" }];
  expect(updateState({}, whole, content, true)).toEqual({ a: [1] });
});

test.each([
  [[], ""],
  [["iterationOutputs" as const], "outside"],
])("with fixes %j the body of an iteration sees %j of a node outside", async (fixes, seen) => {
  const graph = drawFlow({
    start_0: { to: ["directReply_0"] },
    directReply_0: { inputs: { directReplyMessage: "outside" }, to: ["iteration_0"] },
    iteration_0: { inputs: { iterationInput: '["a"]' } },
    customFunction_0: {
      inside: "iteration_0",
      inputs: {
        customFunctionInputVariables: [
          { variableName: "said", variableValue: "{{ directReplyAgentflow_0 }}" },
        ],
        customFunctionJavascriptFunction: "return '<' + ($said ?? '') + '>'",
      },
    },
  });
  const { text } = await runFlow(graph, { question: "go" }, { fixes });
  expect(text.includes("<outside>")).toBe(seen !== "");
});

test.each([
  [[], { fixed: 1 }],
  [["requestBody" as const], { fixed: 1, mine: 2 }],
])("with fixes %j a POST tool without a schema sends %o", async (fixes, sent) => {
  const { url, requests } = await serve((_, response) => response.end("ok"));
  const run = toolRun({}, { fixes: new Set(fixes) });
  const config = { requestsPostUrl: url, requestPostBody: '{"fixed":1}' };
  await callTool(run, "requestsPost", config, { body: { mine: 2 } });
  expect(JSON.parse(requests[0]!.body)).toEqual(sent);
});

test.each([
  [[], "tea tea\ntea teas"],
  [["mmr" as const], "tea tea\ntrams"],
])("with fixes %j a store set to marginal relevance finds %j", async (fixes, found) => {
  const server = await knowledgeServer();
  const config = { pineconeIndex: "all", topK: "2", searchType: "mmr", lambda: "0.3" };
  const filled = { embedding: server.embedding, vectorStore: { name: "pinecone", config } };
  const { signal } = new AbortController();
  const texts = ["tea tea", "tea teas", "trams"];
  const documents = texts.map((pageContent) => ({ pageContent, metadata: {} }));
  await (await openVectorStore(filled, server.services)).add(documents, signal);
  const documentStore = async (id: string) => ({ id, name: id, ...filled });
  const inputs = { retrieverKnowledgeDocumentStores: [{ documentStore: "all:All" }] };
  const graph = drawFlow({ start_0: { to: ["retriever_0"] }, retriever_0: { inputs } });
  const services = { ...server.services, documentStore };
  const { text } = await runFlow(graph, { question: "tea" }, { services, fixes });
  expect(text).toBe(found);
});

test("marginal relevance weighs likeness against repetition", () => {
  const vectors = [
    [1, 0],
    [0.99, 0.01],
    [0.6, 0.6],
  ];
  expect(varied([1, 0], vectors, { topK: 2, lambda: 1 })).toEqual([0, 1]);
  expect(varied([1, 0], vectors, { topK: 2, lambda: 0.3 })).toEqual([0, 2]);
  expect(varied([1, 0], vectors, { topK: 9, lambda: 0 })).toHaveLength(3);
});
