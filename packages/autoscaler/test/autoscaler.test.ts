import { randomUUID } from "node:crypto";
import { openLog } from "@sluice/core/log";
import { redisKeys } from "@sluice/core/prediction/redis-keys";
import { closeRedis, openRedis, type RedisConnection } from "@sluice/core/redis/open-redis";
import { redisSettings } from "@sluice/core/redis/redis-settings";
import { CommonSettings } from "@sluice/core/settings";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import type { ServiceState } from "../src/ecs-service.ts";
import { openAutoscaler } from "../src/open-autoscaler.ts";
import { wakesFleet } from "../src/wake.ts";

const policy = { min: 0, max: 8, fill: 0.5, lateMs: 60_000, calmMs: 0, stepIn: 0.5, idleMs: 0 };
const log = openLog("fatal", "test");
let redis: RedisConnection;
let name: string;
let state: ServiceState;
let set: number[];

beforeAll(() => {
  redis = openRedis(
    redisSettings(CommonSettings.parse({ REDIS_URL: inject("redisUrl") })),
    "producer",
    log,
  );
});
afterAll(() => closeRedis(redis));
beforeEach(() => {
  name = `autoscaler-${randomUUID()}`;
  state = { desired: 0, running: 0, pending: 0, deploying: false };
  set = [];
});

/** A service in memory: what is asked of it is what the test is about. */
const service = {
  read: async () => state,
  async setDesired(count: number) {
    set.push(count);
    state = { ...state, desired: count, running: count };
  },
};
const open = () =>
  openAutoscaler({
    redis,
    keys: redisKeys(name),
    queue: { name, cluster: false },
    service,
    policy,
    standardCapacity: 10,
    everyMs: 60_000,
    log,
  });

async function enqueue(count: number, list = "wait"): Promise<void> {
  for (let i = 0; i < count; i++) {
    await redis.hset(`bull:${name}-prediction:${list}-${i}`, "timestamp", Date.now() - 3000);
    await redis.lpush(`bull:${name}-prediction:${list}`, `${list}-${i}`);
  }
}
async function beat(id: string, capacity: number, running = 0): Promise<void> {
  const keys = redisKeys(name);
  await redis.set(keys.worker(id), JSON.stringify({ capacity, running }), "PX", 60_000);
  await redis.sadd(keys.workers, id);
}

test("the backlog and what workers say they hold decide how many there are", async () => {
  await enqueue(12);
  await enqueue(8, "active");
  const autoscaler = open();
  expect(await autoscaler.tick()).toMatchObject({
    waiting: 12,
    running: 8,
    desired: 4,
    oldestSeconds: 3,
  });
  await beat("a", 20, 8);
  await beat("draining", 0, 3);
  await enqueue(30);
  expect(await autoscaler.tick()).toMatchObject({ workers: 1, capacity: 20, desired: 5 });
  expect(set).toEqual([4, 5]);
  await autoscaler.close();
});

test("predictions with a priority count too", async () => {
  await redis.hset(`bull:${name}-prediction:urgent`, "timestamp", Date.now());
  await redis.zadd(`bull:${name}-prediction:prioritized`, "1", "urgent");
  const autoscaler = open();
  expect(await autoscaler.tick()).toMatchObject({ waiting: 1, desired: 1 });
  await autoscaler.close();
});

test("one acts at a time; the next takes over with its memory when the first has gone", async () => {
  const [first, second] = [open(), open()];
  expect(await first.tick()).toBeDefined();
  expect(await second.tick()).toBeUndefined();
  await first.close();
  expect(await second.tick()).toBeDefined();
  await second.close();
});

test("a count that somebody else set is seen and corrected", async () => {
  const autoscaler = open();
  await enqueue(5);
  await autoscaler.tick();
  state = { ...state, desired: 0 };
  await autoscaler.tick();
  expect(set).toEqual([1, 1]);
  await autoscaler.close();
});

test("while a revision is on its way in, the fleet may grow and does not shrink", async () => {
  state = { desired: 3, running: 3, pending: 0, deploying: true };
  const autoscaler = open();
  await autoscaler.tick();
  expect(await autoscaler.tick()).toMatchObject({ desired: 3, deploying: true });
  await enqueue(30);
  expect(await autoscaler.tick()).toMatchObject({ desired: 6 });
  await autoscaler.close();
});

test("an error leaves the count as it is", async () => {
  const broken = { ...service, read: async () => Promise.reject(new Error("away")) };
  await enqueue(5);
  const autoscaler = openAutoscaler({
    redis,
    keys: redisKeys(name),
    queue: { name, cluster: false },
    service: broken,
    policy,
    standardCapacity: 10,
    everyMs: 60_000,
    log,
  });
  expect(await autoscaler.tick()).toBeUndefined();
  expect(set).toEqual([]);
  await autoscaler.close();
});

test("a prediction that finds no worker wakes the fleet once, not once for each", async () => {
  let woken = 0;
  const transport = { add: async () => {} } as unknown as Parameters<typeof wakesFleet>[0];
  const wake = async () => void woken++;
  const wakeful = wakesFleet(transport, { redis, keys: redisKeys(name), wake, checkEveryMs: 0 });
  const job = {} as Parameters<typeof wakeful.add>[0];
  for (let i = 0; i < 5; i++) await wakeful.add(job);
  await expect.poll(() => woken).toBe(1);
  await redis.del(redisKeys(name).lease("wake"));
  await beat("a", 20);
  await wakeful.add(job);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(woken).toBe(1);
});
