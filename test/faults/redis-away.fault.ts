import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ask, stream, textOf, until } from "../client.ts";
import { openSplit, type Split } from "../split.ts";
import { accept, ended, misplaced, read, textByNode } from "./native.ts";
import { type OwnRedis, openOwnRedis } from "./own-redis.ts";
import { connectRedis } from "./redis-client.ts";
import { openTwoSteps, secondNode, secondText, type TwoSteps } from "./two-step-flow.ts";

let redis: OwnRedis;
let split: Split;
let steps: TwoSteps;
let callsBefore: number[];
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
const times = Array.from({ length: 7 }, (_, i) => i);

/** Flowise streams, calls for JSON and our own streams, all in their second node when `fault` strikes. */
async function underStreams(tokens: number, gapMs: number, fault: () => Promise<void>) {
  const flow = await steps.store(split, tokens, gapMs);
  const [here, there] = split.apis.map(({ url }) => ({ url, key: split.key }));
  const patience = { timeoutMs: 50_000 };
  const streams = await Promise.all(
    times.map(() => stream(split.url, flow, { question: "x" }, patience)),
  );
  const asked = times.map(() => ask(split.url, flow, { question: "x" }, patience));
  const ids = await Promise.all(times.map(() => accept(here!, flow)));
  const readers = await Promise.all(ids.map((id) => read(there!, id)));
  await until(() => steps.two.stats().active === 3 * times.length, 10_000);
  await fault();

  for (const one of streams) {
    const events = await one.ended;
    expect(textOf(events)).toBe(secondText(tokens));
    expect(events.slice(-2).map(({ event }) => event)).toEqual(["metadata", "end"]);
  }
  const answers = await Promise.all(asked);
  expect(answers.map(({ json }) => json?.text)).toEqual(times.map(() => secondText(tokens)));
  for (const reader of readers) {
    await reader.closed;
    expect(misplaced(reader.entries)).toEqual([]);
    expect(textByNode(reader.entries)).toEqual({ [secondNode]: secondText(tokens) });
    expect(reader.entries.filter(({ type }) => type === "node.restarted")).toEqual([]);
    expect(reader.complete()).toBe(true);
  }
  expect(await ended(here!, ids, 5000)).toEqual(ids.map(() => "succeeded"));
  // Whatever would run a second time has had its chance.
  await delay(6000);
  const grown = calls().map((count, i) => count - callsBefore[i]!);
  expect(grown).toEqual([3 * times.length, 3 * times.length]);
}

test("Redis is restarted with its data: no token is lost and nothing runs twice", () =>
  underStreams(80, 50, async () => {
    await delay(500);
    await redis.stop();
    await redis.startAgain({ withData: true });
  }));

test("all connections to Redis are killed, twice: no token is lost and nothing runs twice", () =>
  underStreams(80, 50, async () => {
    const admin = connectRedis(redis.url);
    for (const _ of [1, 2]) {
      await delay(700);
      for (const type of ["normal", "pubsub"])
        await admin.call("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
    }
    admin.disconnect();
  }));

test("Redis is away for ten seconds: streams stand still, then bring everything", async () => {
  await underStreams(200, 40, async () => {
    await delay(500);
    await redis.stop();
    await delay(5000);
    // Who comes now is told at once, not left waiting.
    const startedAt = Date.now();
    const flow = await steps.store(split, 5, 5).catch(() => undefined);
    const refused = flow ? await ask(split.url, flow, { question: "x" }) : undefined;
    if (refused) expect(refused.status).toBe(503);
    expect(Date.now() - startedAt).toBeLessThan(6000);
    await delay(10_000 - (Date.now() - startedAt) - 5000);
    await redis.startAgain({ withData: true });
  });
});

test("Redis comes back empty: who waits is answered or told in time, what was accepted completes", async () => {
  const own = await openOwnRedis();
  const few = { WORKER_CAPACITY: "4", WORKER_CONCURRENCY: "4" };
  const forgetful = await openSplit({
    apis: 1,
    workers: 2,
    env: { REDIS_URL: own.url, PREDICTION_TIMEOUT_SECONDS: "30", ...few },
  });
  try {
    const flow = await steps.store(forgetful, 60, 50);
    const asked = times.map(() =>
      ask(forgetful.url, flow, { question: "x" }, { timeoutMs: 35_000 }),
    );
    const ids = await Promise.all(times.map(() => accept(forgetful, flow)));
    await until(() => steps.two.stats().active === 8, 10_000);
    await own.stop();
    await own.startAgain({ withData: false });
    const answers = await Promise.all(asked);
    for (const { status, json } of answers)
      expect([
        [200, secondText(60)],
        [504, undefined],
      ]).toContainEqual([status, json?.text]);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(3);
    expect(await ended(forgetful, ids, 45_000)).toEqual(ids.map(() => "succeeded"));
    expect(calls().map((count, i) => count - callsBefore[i]!)).toEqual([14, 14]);
  } finally {
    await forgetful.close();
    await own.close();
  }
}, 90_000);
