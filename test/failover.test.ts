import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, type FlowiseEvent, stream, textOf, until } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import type { TestProcess } from "./process.ts";
import { openSplit, type Split, store } from "./split.ts";

let split: Split;
let simulator: Simulator;
const workers: TestProcess[] = [];
beforeAll(async () => {
  [split, simulator] = await Promise.all([openSplit({ workers: 0 }), openSimulator()]);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(() => Promise.all([split?.close(), simulator?.close()]));

async function addWorker(env: Record<string, string> = {}): Promise<TestProcess> {
  const worker = await split.addWorker(env);
  workers.push(worker);
  return worker;
}

const says = (text: string) => ({ llmMessages: [{ role: "user", content: text }] });
/** Two nodes that ask the model: the first at once, the second at the given pace. */
const twoSteps = (pace: string) =>
  store(
    split,
    chain(
      start(),
      llm({ url: simulator.url }, says("rid=one [[ttft=1 n=3 gap=0]]")),
      llm({ url: simulator.url }, says(`rid=two [[${pace}]]`), 1),
    ),
  );
const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${name}:${i} `).join("");
const isToken = ({ event }: FlowiseEvent) => event === "token";

/** Nodes that the stream said were finished, in order. */
const finished = (events: FlowiseEvent[]) =>
  events
    .filter(({ event, data }) => event === "nextAgentFlow" && data.status === "FINISHED")
    .map(({ data }) => data.nodeId);

/** What stands in the bubble that a widget shows last: each `INPROGRESS` opens a new one. */
const lastBubble = (events: FlowiseEvent[]) =>
  textOf(
    events.slice(
      events.findLastIndex(
        ({ event, data }) => event === "agentFlowEvent" && data === "INPROGRESS",
      ),
    ),
  );

async function stored(flow: string) {
  const { pool } = split.database;
  const messages = await pool.query(
    "select role, content from chat_message where chatflowid = $1",
    [flow],
  );
  const executions = await pool.query(
    "select execution_data from execution where agentflow_id = $1",
    [flow],
  );
  return {
    messages: messages.rows.length,
    records: executions.rows.map(({ execution_data }) =>
      JSON.parse(execution_data).map(({ nodeId }: { nodeId: string }) => nodeId),
    ),
  };
}
const order = ["startAgentflow_0", "llmAgentflow_0", "llmAgentflow_1"];

test("a run whose worker is killed goes on elsewhere after its last finished node", async () => {
  const flow = await twoSteps("ttft=1 n=80 gap=50");
  const first = await addWorker();
  const streamed = await stream(split.url, flow, { question: "x" }, { timeoutMs: 40_000 });
  await streamed.seen(isToken);
  const answered = ask(split.url, flow, { question: "y" }, { timeoutMs: 40_000 });
  await until(() => simulator.stats().active === 2, 5000);
  await addWorker();
  first.signal("SIGKILL");
  const [events, answer] = await Promise.all([streamed.ended, answered]);
  // Node one once and node two twice, for each of the two.
  expect(simulator.stats().requests).toBe(6);
  expect(finished(events)).toEqual(order);
  expect(lastBubble(events)).toBe(numbered("two", 80));
  expect(events.slice(-2).map(({ event }) => event)).toEqual(["metadata", "end"]);
  expect([answer.status, answer.json?.text]).toEqual([200, numbered("two", 80)]);
  expect(await stored(flow)).toEqual({ messages: 4, records: [order, order] });
}, 60_000);

test("a worker that is told to stop hands a long run over, and it is answered", async () => {
  const before = simulator.stats().requests;
  const flow = await twoSteps("ttft=1 n=60 gap=50");
  const first = await addWorker({ WORKER_STOP_TIMEOUT_SECONDS: "1" });
  const streamed = await stream(split.url, flow, { question: "x" }, { timeoutMs: 30_000 });
  const answered = ask(split.url, flow, { question: "y" }, { timeoutMs: 30_000 });
  await streamed.seen(isToken);
  await until(() => simulator.stats().active === 2, 5000);
  await addWorker();
  first.signal("SIGTERM");
  expect(await first.exit).toBe(0);
  const [events, answer] = await Promise.all([streamed.ended, answered]);
  expect(simulator.stats().requests - before).toBe(6);
  expect(finished(events)).toEqual(order);
  expect(lastBubble(events)).toBe(numbered("two", 60));
  expect(events.at(-1)?.event).toBe("end");
  expect([answer.status, answer.json?.text]).toEqual([200, numbered("two", 60)]);
  expect(await stored(flow)).toEqual({ messages: 4, records: [order, order] });
}, 60_000);

test("a worker that is told to stop finishes what fits its time, and takes nothing new", async () => {
  const before = simulator.stats().requests;
  const flow = await twoSteps("ttft=1 n=20 gap=50");
  const first = await addWorker({ WORKER_STOP_TIMEOUT_SECONDS: "20" });
  const streamed = await stream(split.url, flow, { question: "x" });
  await streamed.seen(isToken);
  first.signal("SIGTERM");
  await until(async () => (await fetch(`${first.url}/readyz`)).status === 503, 2000);
  const late = ask(split.url, flow, { question: "later" }, { timeoutMs: 20_000 });
  expect(textOf(await streamed.ended)).toBe(numbered("two", 20));
  expect(await first.exit).toBe(0);
  expect(simulator.stats().requests - before).toBe(2);
  await addWorker();
  expect((await late).json?.text).toBe(numbered("two", 20));
}, 40_000);

test("a prediction waits for the first worker to come", async () => {
  const flow = await twoSteps("n=1");
  const asked = ask(split.url, flow, { question: "x" }, { timeoutMs: 20_000 });
  await addWorker();
  expect((await asked).json?.text).toBe("two:0 ");
}, 30_000);
