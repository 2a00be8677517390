import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { redisKeys } from "../../packages/core/src/prediction/redis-keys.ts";
import { openSimulator, type Simulator } from "../../packages/simulator/src/simulator.ts";
import { call, stream, until } from "../client.ts";
import { chain, llm, start } from "../flows.ts";
import { openSplit, type Split, store } from "../split.ts";
import { openTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import { chatflowKinds, questionOf, storeChatflow } from "./chatflows.ts";
import { accept, cancel, ended, get } from "./native.ts";
import { connectRedis } from "./redis-client.ts";

let split: Split;
let simulator: Simulator;
let proxy: TcpProxy;
let flow: string;
const capacity = 60;
beforeAll(async () => {
  [simulator, proxy] = await Promise.all([openSimulator(), openTcpProxy(inject("redisUrl"))]);
  split = await openSplit({ apis: 2, workers: 0 });
  await split.addWorker({
    REDIS_URL: proxy.url,
    WORKER_CAPACITY: `${capacity}`,
    WORKER_CONCURRENCY: `${capacity}`,
  });
  flow = await store(split, chain(start(), llm({ url: simulator.url })));
});
afterAll(async () => {
  await Promise.all([split.close(), simulator.close()]);
  await proxy.close();
});

const long = "rid=c [[ttft=10 n=2000 gap=20]]";
const many = Array.from({ length: 50 }, (_, i) => i);
const there = () => ({ url: split.apis[1]!.url, key: split.key });

/** How long after each answer to `cancelOne` the model's connection was closed, ms. */
async function closedAfter(cancelOne: (i: number) => Promise<unknown>): Promise<number[]> {
  const lateMs: number[] = [];
  for (const i of many) {
    const before = simulator.stats().aborted;
    await cancelOne(i);
    const answeredAt = performance.now();
    await until(() => simulator.stats().aborted === before + 1, 5000);
    lateMs.push(performance.now() - answeredAt);
  }
  return lateMs.sort((a, b) => a - b);
}
const p95 = (sorted: number[]) => sorted[Math.ceil(sorted.length * 0.95) - 1]!;
const running = (count: number) => until(() => simulator.stats().active === count, 15_000);

test("a cancel by our own call closes the model's connection at once, and stays", async () => {
  const ids = await Promise.all(many.map(() => accept(split, flow, { question: long })));
  await running(many.length);
  const answers: string[] = [];
  const lateMs = await closedAfter(async (i) => {
    answers.push((await cancel(there(), ids[i]!)).state);
  });
  expect(p95(lateMs)).toBeLessThan(100);
  expect(answers).toEqual(many.map(() => "canceled"));
  await delay(1000);
  expect(await ended(split, ids, 1000)).toEqual(many.map(() => "canceled"));
  // Again changes nothing.
  expect((await cancel(split, ids[0]!)).state).toBe("canceled");
  expect(simulator.stats().active).toBe(0);
});

test("an abort by Flowise's call closes the model's connection at once", async () => {
  const chats = many.map(() => randomUUID());
  const streams = await Promise.all(
    chats.map((chatId) => stream(split.url, flow, { question: long, chatId })),
  );
  await running(many.length);
  const lateMs = await closedAfter((i) =>
    call(split.apis[1]!.url, "PUT", `/chatmessage/abort/${flow}/${chats[i]}`),
  );
  expect(p95(lateMs)).toBeLessThan(100);
  for (const one of streams) expect((await one.ended).at(-1)?.event).toBe("end");
  const { rows } = await split.database.pool.query(
    "select distinct state from prediction where chat_id = any($1)",
    [chats],
  );
  expect(rows).toEqual([{ state: "canceled" }]);
});

test.each(chatflowKinds)("a cancel reaches the model inside a %s, by either call", async (kind) => {
  const inside = await storeChatflow(split, kind, simulator.url);
  const question = questionOf(kind, 2000, 20);
  const calls = simulator.stats().requests;
  // The agent's first round asks for a tool; what is canceled is its second.
  const rounds = kind === "tool agent" ? 2 : 1;
  const under = async (count: number) => {
    await until(() => simulator.stats().requests === calls + rounds * count, 8000);
    await running(many.length);
  };
  const ids = await Promise.all(many.map(() => accept(split, inside, { question })));
  await under(many.length);
  expect(p95(await closedAfter((i) => cancel(there(), ids[i]!)))).toBeLessThan(100);
  expect(await ended(split, ids, 3000)).toEqual(many.map(() => "canceled"));
  const chats = many.map(() => randomUUID());
  const streams = await Promise.all(
    chats.map((chatId) => stream(split.url, inside, { question, chatId })),
  );
  await under(2 * many.length);
  const abort = (i: number) =>
    call(split.apis[1]!.url, "PUT", `/chatmessage/abort/${inside}/${chats[i]}`);
  expect(p95(await closedAfter(abort))).toBeLessThan(100);
  for (const one of streams) expect((await one.ended).at(-1)?.event).toBe("end");
  expect(simulator.stats().requests).toBe(calls + 2 * rounds * many.length);
});

test("what waits is canceled without a call to the model, by either call", async () => {
  const full = Array.from({ length: capacity }, (_, i) => i);
  const busy = await Promise.all(full.map(() => accept(split, flow, { question: long })));
  await running(capacity);
  const before = simulator.stats().requests;
  const ids = await Promise.all(many.map(() => accept(split, flow, { question: long })));
  const states = await Promise.all(ids.map(async (id) => (await cancel(there(), id)).state));
  expect(states).toEqual(many.map(() => "canceled"));
  const chatId = randomUUID();
  const waiting = await stream(split.url, flow, { question: long, chatId });
  await call(split.url, "PUT", `/chatmessage/abort/${flow}/${chatId}`);
  await Promise.all(busy.map((id) => cancel(split, id)));
  expect((await waiting.ended).at(-1)?.event).toBe("end");
  await delay(1500);
  expect(simulator.stats().requests).toBe(before);
  expect(await ended(split, ids, 1000)).toEqual(many.map(() => "canceled"));
}, 30_000);

test("a cancel whose message is lost while the worker connects again is found within 5 s", async () => {
  const ids = await Promise.all(many.map(() => accept(split, flow, { question: long })));
  await running(many.length);
  proxy.cut();
  await delay(300);
  const canceling = Promise.all(ids.map((id) => cancel(there(), id)));
  await delay(300);
  proxy.restore();
  const restoredAt = Date.now();
  await running(0);
  expect(Date.now() - restoredAt).toBeLessThan(5000);
  await canceling;
  expect(await ended(split, ids, 5000)).toEqual(many.map(() => "canceled"));
});

test("a cancel whose message never comes is found within 5 s", async () => {
  const id = await accept(split, flow, { question: long });
  await running(1);
  const redis = connectRedis(inject("redisUrl"));
  await redis.set(redisKeys(split.queueName).cancel(id), "1", "EX", 60);
  redis.disconnect();
  const markedAt = Date.now();
  await running(0);
  expect(Date.now() - markedAt).toBeLessThan(5000);
  await until(async () => (await get(split, id)).state === "canceled", 3000);
});

test("what has ended stays as it ended", async () => {
  const id = await accept(split, flow, { question: "rid=d [[ttft=1 n=2 gap=1]]" });
  expect(await ended(split, [id], 5000)).toEqual(["succeeded"]);
  const answer = await cancel(split, id);
  expect([answer.state, answer.text]).toEqual(["succeeded", "d:0 d:1 "]);
});
