import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ask, stream, textOf, until } from "../client.ts";
import { openSplit, type Split } from "../split.ts";
import { accept, ended, read } from "./native.ts";
import { type OwnRedis, openOwnRedis } from "./own-redis.ts";
import { connectRedis } from "./redis-client.ts";
import { expectSecond, openTwoSteps, secondText, type TwoSteps } from "./two-step-flow.ts";

let redis: OwnRedis;
let split: Split;
let steps: TwoSteps;
let callsBefore: number[];
/** Predictions that have been put, each of which asks each model once. */
let put = 0;
beforeAll(async () => {
  redis = await openOwnRedis();
  [split, steps] = await Promise.all([
    openSplit({ apis: 2, workers: 2, env: { REDIS_URL: redis.url } }),
    openTwoSteps(),
  ]);
});
beforeEach(() => {
  callsBefore = calls();
});
afterAll(async () => {
  await Promise.all([split.close(), steps.close()]);
  await redis.close();
});

const calls = () => [steps.one.stats().requests, steps.two.stats().requests];
/** A Redis that has just come back may still refuse: a flow is stored when it does not. */
async function quickFlow(): Promise<string> {
  let flow: string | undefined;
  await until(async () => {
    flow = await steps.store(split, 5, 5).catch(() => undefined);
    return flow !== undefined;
  }, 8000);
  return flow!;
}
const grown = () => calls().map((count, i) => count - callsBefore[i]!);
const times = Array.from({ length: 17 }, (_, i) => i);
const half = Array.from({ length: 25 }, (_, i) => i);

/** Flowise streams, calls for JSON and our own streams, all in their second node when `fault` strikes. */
async function underStreams(tokens: number, gapMs: number, fault: () => Promise<void>) {
  const flow = await steps.store(split, tokens, gapMs);
  const [here, there] = split.apis.map(({ url }) => ({ url, key: split.key }));
  const patience = { timeoutMs: 60_000 };
  const streams = await Promise.all(
    times.map(() => stream(split.url, flow, { question: "x" }, patience)),
  );
  const asked = times.map(() => ask(split.url, flow, { question: "x" }, patience));
  const ids = await Promise.all(times.map(() => accept(here!, flow)));
  const readers = await Promise.all(ids.map((id) => read(there!, id)));
  put += 3 * times.length;
  await until(() => steps.two.stats().active === 3 * times.length, 15_000);
  await fault();

  for (const one of streams) {
    const events = await one.ended;
    expect(textOf(events)).toBe(secondText(tokens));
    expect(events.slice(-2).map(({ event }) => event)).toEqual(["metadata", "end"]);
  }
  const answers = await Promise.all(asked);
  expect(answers.map(({ json }) => json?.text)).toEqual(times.map(() => secondText(tokens)));
  for (const reader of readers) {
    await expectSecond(reader, tokens);
    expect(reader.entries.filter(({ type }) => type === "node.restarted")).toEqual([]);
  }
  expect(await ended(here!, ids, 5000)).toEqual(ids.map(() => "succeeded"));
  expect(grown()).toEqual([3 * times.length, 3 * times.length]);
}

test("Redis is restarted with its data: no token is lost and nothing runs twice", () =>
  underStreams(100, 90, async () => {
    await redis.stop();
    await redis.startAgain({ withData: true });
  }));

test("all connections to Redis are killed, twice: no token is lost and nothing runs twice", () =>
  underStreams(100, 90, async () => {
    const admin = connectRedis(redis.url);
    for (const _ of [1, 2]) {
      await delay(700);
      for (const type of ["normal", "pubsub"])
        await admin.call("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
    }
    admin.disconnect();
  }));

test(
  "Redis is away for twenty seconds: streams stand still, then bring everything",
  () =>
    underStreams(100, 90, async () => {
      const quick = await quickFlow();
      await redis.stop();
      const awaySince = Date.now();
      await delay(5000);
      // Who comes now is told at once, not left waiting.
      const startedAt = Date.now();
      expect((await ask(split.url, quick, { question: "x" })).status).toBe(503);
      expect(Date.now() - startedAt).toBeLessThan(8000);
      await delay(Math.max(0, awaySince + 20_000 - Date.now()));
      await redis.startAgain({ withData: true });
    }),
  90_000,
);

test(
  "Redis has no memory left: who comes is told so, who runs waits, and all goes on when there is some",
  () =>
    underStreams(100, 90, async () => {
      const quick = await quickFlow();
      const admin = connectRedis(redis.url);
      await admin.call("CONFIG", "SET", "maxmemory-policy", "noeviction");
      await admin.call("CONFIG", "SET", "maxmemory", "1");
      const startedAt = Date.now();
      const refused = await ask(split.url, quick, { question: "x" });
      expect([refused.status, refused.json?.message]).toEqual([
        503,
        expect.stringMatching(/cannot/),
      ]);
      expect(Date.now() - startedAt).toBeLessThan(8000);
      await until(() => split.output().includes("heartbeat: its memory is full"), 10_000);
      // Accepted is accepted: it is stored, and queued when that is possible.
      const id = await accept(split, quick);
      await delay(8000);
      await admin.call("CONFIG", "SET", "maxmemory", "0");
      admin.disconnect();
      expect(await ended(split, [id], 25_000)).toEqual(["succeeded"]);
      put += 1;
      callsBefore = callsBefore.map((count) => count + 1);
      for (const worker of split.workers)
        await until(async () => (await fetch(`${worker.url}/readyz`)).ok, 5000);
    }),
  90_000,
);

test("nothing of all this has run a second time", async () => {
  await delay(6000);
  expect(calls()).toEqual([put, put]);
});

test("Redis comes back empty: who waits is answered or told in time, what was accepted completes", async () => {
  const own = await openOwnRedis();
  // Of 50, ten wait.
  const narrow = { WORKER_CAPACITY: "20", WORKER_CONCURRENCY: "20" };
  const forgetful = await openSplit({
    apis: 1,
    workers: 2,
    env: { REDIS_URL: own.url, PREDICTION_TIMEOUT_SECONDS: "30", ...narrow },
  });
  try {
    const flow = await steps.store(forgetful, 60, 50);
    const asked = half.map(() =>
      ask(forgetful.url, flow, { question: "x" }, { timeoutMs: 35_000 }),
    );
    const ids = await Promise.all(half.map(() => accept(forgetful, flow)));
    await until(() => steps.two.stats().active === 40, 15_000);
    await own.stop();
    await own.startAgain({ withData: false });
    const answers = await Promise.all(asked);
    for (const { status, json } of answers)
      expect([
        [200, secondText(60)],
        [504, undefined],
      ]).toContainEqual([status, json?.text]);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(await ended(forgetful, ids, 45_000)).toEqual(ids.map(() => "succeeded"));
    // What waits for its caller in a queue that is lost is not put back: nobody has it but the caller.
    for (const count of grown()) {
      expect(count).toBeGreaterThanOrEqual(
        2 * half.length - answers.filter(({ status }) => status === 504).length,
      );
      expect(count).toBeLessThanOrEqual(2 * half.length);
    }
  } finally {
    await forgetful.close();
    await own.close();
  }
}, 90_000);
