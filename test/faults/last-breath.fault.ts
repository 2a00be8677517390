import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { jobIdOf } from "../../packages/core/src/prediction/prediction-queue.ts";
import { redisKeys } from "../../packages/core/src/prediction/redis-keys.ts";
import { ask, stream, textOf, until } from "../client.ts";
import type { TestProcess } from "../process.ts";
import { openSplit, type Split } from "../split.ts";
import { openTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import { accept, ended, read, textByNode } from "./native.ts";
import { connectRedis, openQueue } from "./redis-client.ts";
import { openTwoSteps, secondNode, secondText, type TwoSteps } from "./two-step-flow.ts";

let split: Split;
let steps: TwoSteps;
let proxy: TcpProxy;
let callsBefore: number[];
beforeAll(async () => {
  [split, steps, proxy] = await Promise.all([
    openSplit({ workers: 0 }),
    openTwoSteps(),
    openTcpProxy(inject("redisUrl")),
  ]);
});
beforeEach(() => {
  callsBefore = calls();
});
afterAll(() => Promise.all([split.close(), steps.close(), proxy.close()]));

const calls = () => [steps.one.stats().requests, steps.two.stats().requests];
const grown = () => calls().map((count, i) => count - callsBefore[i]!);
const times = Array.from({ length: 17 }, (_, i) => i);
const tokens = 40;

/** Predictions of all kinds on a worker that reaches Redis through the proxy, all in their second node. */
async function onDoomedWorker() {
  proxy.restore();
  const doomed = await split.addWorker({ REDIS_URL: proxy.url });
  const flow = await steps.store(split, tokens, 40);
  const patience = { timeoutMs: 40_000 };
  const streams = await Promise.all(
    times.map(() => stream(split.url, flow, { question: "x" }, patience)),
  );
  const asked = times.map(() => ask(split.url, flow, { question: "x" }, patience));
  const ids = await Promise.all(times.map(() => accept(split, flow)));
  const readers = await Promise.all(ids.map((id) => read(split, id)));
  await until(() => steps.two.stats().active === 3 * times.length, 10_000);
  return { doomed, flow, streams, asked, ids, readers };
}

const storedEnds = async (flow: string) => {
  const { rows } = await split.database.pool.query(
    "select state from prediction where flow_id = $1 and finished_at is not null",
    [flow],
  );
  return rows.map(({ state }) => state as string);
};
async function allStored(flow: string): Promise<void> {
  await until(async () => (await storedEnds(flow)).length === 3 * times.length, 8000);
}

/** One answer each: to every caller, in the record, and among the messages. */
async function expectOneEndEach(at: Awaited<ReturnType<typeof onDoomedWorker>>): Promise<void> {
  for (const one of at.streams) {
    const events = await one.ended;
    expect(textOf(events)).toBe(secondText(tokens));
    expect(events.filter(({ event }) => event === "metadata").length).toBe(1);
    expect(events.filter(({ event }) => event === "end").length).toBe(1);
  }
  const answers = await Promise.all(at.asked);
  expect(answers.map(({ json }) => json?.text)).toEqual(times.map(() => secondText(tokens)));
  for (const reader of at.readers) {
    await reader.closed;
    expect(textByNode(reader.entries)).toEqual({ [secondNode]: secondText(tokens) });
    const ends = reader.entries.filter(({ type }) => type === "prediction.ended");
    expect(ends.map(({ data }) => [data.state, data.status])).toEqual([["succeeded", "FINISHED"]]);
  }
  expect(await ended(split, at.ids, 5000)).toEqual(times.map(() => "succeeded"));
  const { rows } = await split.database.pool.query(
    "select count(*)::int as count from chat_message where chatflowid = $1 and role = 'apiMessage'",
    [at.flow],
  );
  expect(rows[0].count).toBe(3 * times.length);
}

async function withOther(work: (other: TestProcess) => Promise<void>): Promise<void> {
  const other = await split.addWorker();
  try {
    await work(other);
  } finally {
    await other.stop();
  }
}

test("killed after the commit and before the end was told: the other worker tells it, all of it", async () => {
  const at = await onDoomedWorker();
  await withOther(async () => {
    // Half of the text is out; the rest is written down and never told.
    await until(() => at.readers.every(({ entries }) => entries.length > 15), 8000);
    proxy.freeze();
    await allStored(at.flow);
    at.doomed.signal("SIGKILL");
    await expectOneEndEach(at);
    expect(grown()).toEqual([3 * times.length, 3 * times.length]);
  });
}, 60_000);

test("killed after the end was told and before the job was completed: nothing runs again", async () => {
  const at = await onDoomedWorker();
  await withOther(async () => {
    await until(() => at.readers.every(({ entries }) => entries.length > 15), 8000);
    // What it says is heard, what it is answered is not: no job of it can be completed.
    proxy.muteReplies();
    await allStored(at.flow);
    await delay(500);
    at.doomed.signal("SIGKILL");
    await expectOneEndEach(at);
    // Its jobs come back, whether by the other worker or by the queue's own check; even with the claims gone.
    const redis = connectRedis(inject("redisUrl"));
    const queue = openQueue(redis, split.queueName);
    // What was handed over is done with, before the claims go.
    const inHand = `${redisKeys(split.queueName).inHand("")}*`;
    const idle = async () =>
      (await redis.keys(inHand)).length === 0 && (await queue.backlog()) === 0;
    await until(idle, 15_000);
    const left = await queue.active(100);
    expect(left.length).toBeGreaterThan(0);
    for (const job of left) {
      await redis.del(redisKeys(split.queueName).claim(job.id));
      await queue.add({ ...job, seedFence: 1 }, `${jobIdOf(job)}-again`);
    }
    await delay(6000);
    await queue.close();
    redis.disconnect();
    await expectOneEndEach(at);
    expect(grown()).toEqual([3 * times.length, 3 * times.length]);
  });
}, 60_000);

test("killed between accepting and queueing: the reconciler finds what nobody has", async () => {
  const flow = await steps.store(split, 5, 5);
  const ids = await Promise.all(times.map(() => accept(split, flow)));
  const redis = connectRedis(inject("redisUrl"));
  const queue = openQueue(redis, split.queueName);
  for (const id of ids) expect(await queue.remove(jobIdOf({ id, segment: 0 }))).toBe(true);
  await withOther(async () => {
    expect(await ended(split, ids, 25_000)).toEqual(times.map(() => "succeeded"));
  });
  await queue.close();
  redis.disconnect();
  expect(grown()).toEqual([times.length, times.length]);
}, 60_000);
