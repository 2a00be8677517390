import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSimulator } from "../packages/simulator/src/simulator.ts";
import { ask, call, stream } from "./client.ts";
import { chain, llm, node, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

/** Asks a human; yes leads to a reply, no back to the question. */
function asking(yes = "yes, {{ $form.who }}") {
  const first = start({ startInputType: "formInput", formInputTypes: [{ name: "who" }] });
  const draft = reply("A draft.");
  const human = node("humanInputAgentflow", {
    humanInputDescriptionType: "fixed",
    humanInputDescription: "Go on?",
  });
  const done = reply(yes, 1);
  const back = node("loopAgentflow", { loopBackToNode: `${draft.id}-x`, maxLoopCount: 9 });
  const edge = (source: { id: string }, target: { id: string }, output: string | number = "x") => ({
    source: source.id,
    target: target.id,
    sourceHandle: `${source.id}-output-${output}`,
  });
  return {
    nodes: [first, draft, human, done, back],
    edges: [edge(first, draft), edge(draft, human), edge(human, done, 0), edge(human, back, 1)],
  };
}

describe.each(["queue", "main"] as const)("in %s mode", (mode) => {
  let split: Split;
  let flow: string;
  beforeAll(async () => {
    split = await openSplit({ mode });
    flow = await store(split, asking());
  });
  afterAll(() => split?.close());

  const begin = async (chatId: string, id = flow) => {
    const answer = await ask(split.url, id, { form: { who: "Ada" }, chatId });
    expect(answer).toMatchObject({ status: 200, json: { text: "Go on?" } });
    return answer.json;
  };
  const answer = (chatId: string, humanInput: object, id = flow) =>
    ask(split.url, id, { humanInput, chatId });

  test("a run goes on with its form and in its execution, as often as it asks", async () => {
    const chatId = randomUUID();
    const { executionId, action } = await begin(chatId);
    expect(action.data.nodeId).toBe("humanInputAgentflow_0");
    const again = await answer(chatId, { type: "reject", feedback: "shorter" });
    expect(again.json).toMatchObject({ text: "shorter\n\nGo on?", executionId });
    const streamed = await stream(split.url, flow, { humanInput: { type: "proceed" }, chatId });
    const events = await streamed.ended;
    const executed = events.findLast(({ event }) => event === "agentFlowExecutedData");
    expect(executed?.data.map((record: { nodeId: string }) => record.nodeId)).toEqual([
      "startAgentflow_0",
      "directReplyAgentflow_0",
      "loopAgentflow_0",
      "directReplyAgentflow_0",
      "humanInputAgentflow_0",
      "directReplyAgentflow_1",
    ]);
    const rows = await split.database.db
      .selectFrom("prediction")
      .select(["state", "segment", "checkpoint"])
      .where("chat_id", "=", chatId)
      .execute();
    expect(rows).toEqual([{ state: "succeeded", segment: 2, checkpoint: null }]);
    const path = `/chatmessage/${flow}?chatId=${chatId}`;
    const messages = (await call(split.url, "GET", path, { key: split.key })).json;
    expect(messages.map((message: { content: string }) => message.content)).toEqual([
      "who: Ada",
      "Go on?",
      "shorter",
      "shorter\n\nGo on?",
      " ",
      "yes, Ada",
    ]);
    expect(messages.filter((message: { action?: unknown }) => message.action)).toEqual([]);
  });

  test("of answers that come together one is taken", async () => {
    const chatId = randomUUID();
    await begin(chatId);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => answer(chatId, { type: "proceed" })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.json.message).toMatch(/^Another answer|^No run/);
    expect((await answer(chatId, { type: "proceed" })).json.message).toMatch(/^No run of this/);
  });

  test("an answer needs its conversation, and means the node that asked", async () => {
    const chatId = randomUUID();
    await begin(chatId);
    const humanInput = { type: "proceed" };
    expect((await ask(split.url, flow, { humanInput })).status).toBe(400);
    const unclear = await answer(chatId, { type: "Proceed" });
    expect([unclear.status, unclear.json.message]).toEqual([
      400,
      expect.stringContaining("humanInput.type"),
    ]);
    expect((await answer(randomUUID(), humanInput)).status).toBe(409);
    const elsewhere = await answer(chatId, { ...humanInput, startNodeId: "llmAgentflow_3" });
    expect(elsewhere).toMatchObject({
      status: 409,
      json: { message: "The run waits at humanInputAgentflow_0, not at llmAgentflow_3" },
    });
    expect((await answer(chatId, humanInput)).status).toBe(200);
  });

  test("a run goes on with the version of the flow that it began with", async () => {
    const chatId = randomUUID();
    const own = await store(split, asking());
    await begin(chatId, own);
    const body = { flowData: JSON.stringify(asking("changed")) };
    await call(split.url, "PUT", `/chatflows/${own}`, { body, key: split.key });
    expect((await answer(chatId, { type: "proceed" }, own)).json.text).toBe("yes, Ada");
  });

  test("our own API streams only what follows the answer", async () => {
    const chatId = randomUUID();
    await begin(chatId);
    const response = await fetch(`${split.url}/v1/predictions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${split.key}`,
        "content-type": "application/json",
        accept: "text/event-stream",
      },
      body: JSON.stringify({ flowId: flow, chatId, humanInput: { type: "proceed" } }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    expect(text).toContain("yes, Ada");
    expect(text).not.toContain('"flow.paused"');
    expect(text.match(/"?prediction\.ended/g)?.length ?? 0).toBeGreaterThan(0);
  });
});

test("a worker that dies while it goes on after an answer is followed by another", async () => {
  const [split, simulator] = await Promise.all([openSplit(), openSimulator()]);
  try {
    const human = node("humanInputAgentflow", { humanInputDescription: "Go on?" });
    const slow = { llmMessages: [{ role: "user", content: "rid=r [[ttft=1 n=60 gap=50]]" }] };
    const graph = chain(start(), human, llm({ url: simulator.url }, slow));
    graph.edges.at(-1)!.sourceHandle = `${human.id}-output-0`;
    const flow = await store(split, graph);
    const chatId = randomUUID();
    await ask(split.url, flow, { question: "go", chatId });
    const answer = { humanInput: { type: "proceed" }, chatId };
    const streamed = await stream(split.url, flow, answer, { timeoutMs: 40_000 });
    await streamed.seen(({ event }) => event === "token");
    const [dead] = split.workers;
    await split.addWorker();
    dead!.signal("SIGKILL");
    const events = await streamed.ended;
    expect(events.at(-1)?.event).toBe("end");
    expect(events.some(({ event }) => event === "error")).toBe(false);
    const executed = events.findLast(({ event }) => event === "agentFlowExecutedData");
    expect(executed?.data.map((record: { status: string }) => record.status)).toEqual(
      Array(3).fill("FINISHED"),
    );
  } finally {
    await Promise.all([split.close(), simulator.close()]);
  }
}, 60_000);

test("a run waits through the end of all workers", async () => {
  const split = await openSplit();
  try {
    const flow = await store(split, asking());
    const chatId = randomUUID();
    await ask(split.url, flow, { form: { who: "Ada" }, chatId });
    await split.workers[0]!.stop();
    await split.addWorker();
    const answer = await ask(split.url, flow, { humanInput: { type: "proceed" }, chatId });
    expect(answer.json.text).toBe("yes, Ada");
  } finally {
    await split.close();
  }
});
