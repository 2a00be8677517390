import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, type Reply, stream, until } from "./client.ts";
import { accept, ended, read } from "./faults/native.ts";
import { chain, llm, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

let simulator: Simulator;
let queue: Split;
let main: Split;
beforeAll(async () => {
  const small = { MAX_QUEUE_WAIT_SECONDS: "1", MAX_QUEUED_PREDICTIONS: "12" };
  [simulator, queue, main] = await Promise.all([
    openSimulator(),
    openSplit({ env: { ...small, WORKER_CAPACITY: "2", WORKER_CONCURRENCY: "2" } }),
    openSplit({ mode: "main", env: { ...small, MAIN_CAPACITY: "2" } }),
  ]);
});
afterAll(() => Promise.all([queue?.close(), main?.close(), simulator?.close()]));

const slow = (url: string) => chain(start(), llm({ url }));
const seconds = (ttftMs: number) => ({ question: `[[ttft=${ttftMs} n=1]]` });

for (const mode of ["queue", "main"] as const)
  test(`callers who would wait too long are told when to come back, and then are taken (${mode} mode)`, async () => {
    const split = mode === "queue" ? queue : main;
    const flow = await store(split, slow(simulator.url));
    const taken: Promise<Reply>[] = [];
    let refused: Reply | undefined;
    for (let i = 0; i < 30 && !refused; i++) {
      const asked = ask(split.url, flow, seconds(1500), { timeoutMs: 30_000 });
      taken.push(asked);
      // A refusal is there at once.
      const first = await Promise.race([asked, delay(100)]);
      if (first?.status === 503) refused = first;
    }
    expect(taken.length).toBeGreaterThan(3);
    expect(refused?.json).toMatchObject({ statusCode: 503, success: false });
    expect(refused?.json.message).toMatch(/would wait about \d+ s; try again in \d+ s$/);
    const after = Number(refused?.headers.get("retry-after"));
    expect(after).toBeGreaterThanOrEqual(1);

    await Promise.all(taken);
    // The fleet is looked at twice a second.
    await delay(1200);
    expect((await ask(split.url, flow, seconds(10), { timeoutMs: 30_000 })).status).toBe(200);
  }, 60_000);

test("work that may wait is taken when its callers are not, up to the bound of the queue", async () => {
  const flow = await store(queue, slow(simulator.url));
  const ids: string[] = [];
  let refused: Reply | undefined;
  const body = { flowId: flow, ...seconds(1000) };
  for (let i = 0; i < 40 && !refused; i++) {
    const asked = await native(queue, body, { "idempotency-key": `k${i}` });
    if (asked.status === 202) ids.push(asked.json.id);
    else refused = asked;
  }
  expect(ids.length).toBeGreaterThanOrEqual(12);
  expect(refused?.status).toBe(503);
  expect(refused?.json.code).toBe("overloaded");
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  // Asking again for what was accepted needs no place.
  const again = await native(queue, body, { "idempotency-key": "k0" });
  expect([again.json.id, again.headers.get("idempotent-replayed")]).toEqual([ids[0], "true"]);
  expect(await ended(queue, ids, 30_000)).toEqual(ids.map(() => "succeeded"));
}, 60_000);

test("a prediction that could not start before its deadline is refused", async () => {
  const flow = await store(queue, slow(simulator.url));
  const made = Array.from({ length: 8 }, () => accept(queue, flow, seconds(2000)));
  const long = await Promise.all(made);
  await delay(600);
  const refused = await native(queue, { flowId: flow, deadlineSeconds: 1, ...seconds(10) });
  expect([refused.status, refused.json.code]).toEqual([503, "overloaded"]);
  expect(refused.json.message).toContain("would wait");
  await ended(queue, long, 20_000);
}, 30_000);

test("readers of a waiting prediction are told its place and its expected start until it begins", async () => {
  const quick = await store(queue, chain(start(), reply("hello")));
  const slowFlow = await store(queue, slow(simulator.url));
  await until(
    async () => (await native(queue, { flowId: quick, question: "x" })).status === 202,
    20_000,
  );
  for (let i = 0; i < 6; i++) await accept(queue, slowFlow, seconds(1500));
  const id = await accept(queue, quick);
  const lines = await eventsOf(queue, id);
  const places = lines.filter(({ type }) => type === "prediction.queued");
  expect(places.length).toBeGreaterThan(0);
  for (const { id: eventId, data } of places) {
    expect(eventId).toBe("");
    expect(data.position).toBeGreaterThan(0);
    expect(Date.parse(data.expectedStartAt)).toBeGreaterThan(Date.now() - 60_000);
  }
  const positions = places.map(({ data }) => data.position);
  expect(positions).toEqual(positions.toSorted((a, b) => b - a));
  const kinds = lines.map(({ type }) => type);
  expect(kinds.lastIndexOf("prediction.queued")).toBeLessThan(kinds.indexOf("flow.started"));
  expect(kinds.at(-1)).toBe("prediction.ended");
  // Not part of the log: who reads it later sees none, and Flowise's clients never do.
  const late = await read(queue, id);
  await late.closed;
  expect(late.entries.map(({ type }) => type)).not.toContain("prediction.queued");
  const flowise = await stream(queue.url, quick, { question: "x" });
  expect((await flowise.ended).map(({ event }) => event)).not.toContain("prediction.queued");
}, 60_000);

test("without a worker predictions wait for one, unless the first has waited longer than the caller would", async () => {
  const split = await openSplit({ workers: 0, env: { PREDICTION_TIMEOUT_SECONDS: "3" } });
  try {
    const flow = await store(split, chain(start(), reply("hello")));
    const first = ask(split.url, flow, { question: "x" });
    const id = await accept(split, flow);
    await delay(3600);
    expect((await first).status).toBe(504);
    await ask(split.url, flow, { question: "x" });
    const refused = await ask(split.url, flow, { question: "x" });
    expect([refused.status, refused.json.message]).toEqual([
      503,
      expect.stringMatching(/^No worker serves predictions; try again in \d+ s$/),
    ]);
    await split.addWorker();
    const reader = await read(split, id);
    await reader.closed;
    expect(reader.complete()).toBe(true);
  } finally {
    await split.close();
  }
}, 60_000);

async function native(split: Split, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${split.url}/v1/predictions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${split.key}`,
      ...headers,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
}

/** All events of our own stream, those without an id included. */
async function eventsOf({ url, key }: Split, id: string) {
  const response = await fetch(`${url}/v1/predictions/${id}/stream`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(40_000),
  });
  const frames = (await response.text()).split("\n\n").filter((frame) => frame.includes("data: "));
  return frames.map((frame) => ({
    id: /^id: (.*)$/m.exec(frame)?.[1] ?? "",
    type: /^event: (.*)$/m.exec(frame)?.[1] ?? "",
    data: JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? "{}"),
  }));
}
