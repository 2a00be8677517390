import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redisKeys } from "../../packages/core/src/prediction/redis-keys.ts";
import { ask, stream, textOf, until } from "../client.ts";
import { type RedisCluster, startRedisCluster } from "../redis-cluster.ts";
import { openSplit, type Split } from "../split.ts";
import { accept, ended, read } from "./native.ts";
import { expectSecond, openTwoSteps, secondText, type TwoSteps } from "./two-step-flow.ts";

let cluster: RedisCluster;
let split: Split;
let steps: TwoSteps;
beforeAll(async () => {
  [cluster, steps] = await Promise.all([startRedisCluster({ replicas: 1 }), openTwoSteps()]);
  split = await openSplit({ apis: 2, workers: 2, env: { REDIS_URL: cluster.url } });
}, 60_000);
afterAll(async () => {
  await Promise.all([split?.close(), steps?.close()]);
  await cluster?.stop();
});

const each = 17;
const times = Array.from({ length: each }, (_, i) => i);
const tokens = 100;

test("a Cluster's master fails under 50 predictions and new ones: all are answered, none twice", async () => {
  const flow = await steps.store(split, tokens, 90);
  const quick = await steps.store(split, 3, 5);
  const [here, there] = split.apis.map(({ url }) => ({ url, key: split.key }));
  const patience = { timeoutMs: 60_000 };
  const streams = await Promise.all(
    times.map(() => stream(split.url, flow, { question: "x" }, patience)),
  );
  const asked = times.map(() => ask(split.url, flow, { question: "x" }, patience));
  const ids = await Promise.all(times.map(() => accept(here!, flow)));
  const readers = await Promise.all(ids.map((id) => read(there!, id)));
  await until(() => steps.two.stats().active === 3 * each, 15_000);

  const key = redisKeys(split.queueName).workers;
  const master = await cluster.masterOf(key);
  process.kill(master.pid, "SIGKILL");
  // Who comes meanwhile is answered or refused, and never kept.
  let over = false;
  const meanwhile: Promise<{ status: number; tookMs: number }>[] = [];
  const coming = (async () => {
    while (!over) {
      const startedAt = Date.now();
      const one = ask(split.url, quick, { question: "x" }, patience);
      meanwhile.push(one.then(({ status }) => ({ status, tookMs: Date.now() - startedAt })));
      await delay(500);
    }
  })();
  await cluster.failedOver(key, master);
  over = true;
  await coming;

  for (const one of streams) {
    const events = await one.ended;
    expect(textOf(events)).toBe(secondText(tokens));
    expect(events.slice(-2).map(({ event }) => event)).toEqual(["metadata", "end"]);
  }
  const answers = await Promise.all(asked);
  expect(answers.map(({ json }) => json?.text)).toEqual(times.map(() => secondText(tokens)));
  for (const reader of readers) {
    await expectSecond(reader, tokens);
  }
  expect(await ended(there!, ids, 10_000)).toEqual(ids.map(() => "succeeded"));
  const newcomers = await Promise.all(meanwhile);
  expect(newcomers.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
  const served = newcomers.filter(({ status }) => status === 200).length;
  await delay(6000);
  // One that was refused because nobody could tell whether it was taken may have run.
  for (const { stats } of [steps.one, steps.two]) {
    expect(stats().requests).toBeGreaterThanOrEqual(3 * each + served);
    expect(stats().requests).toBeLessThanOrEqual(3 * each + newcomers.length);
  }
  expect((await ask(split.url, quick, { question: "x" })).json?.text).toBe(secondText(3));
}, 120_000);
