import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from "vitest";
import { openRestBridge, type RestBridge } from "../../../../test/rest-bridge.ts";
import { type RedisKeys, redisKeys } from "../prediction/redis-keys.ts";
import { openRestRedis } from "../redis/upstash-rest.ts";
import { openRestIntake } from "./rest-intake.ts";

let bridge: RestBridge;
let keys: RedisKeys;
beforeAll(async () => {
  bridge = await openRestBridge(inject("redisUrl"));
});
beforeEach(() => {
  keys = redisKeys(`rest-${randomUUID()}`);
  bridge.commands.length = 0;
});
afterAll(() => bridge.close());
const open = (token = bridge.token) => openRestIntake(bridge.url, token, keys);
function openPlain(): Redis {
  const redis = new Redis(inject("redisUrl"));
  onTestFinished(() => redis.disconnect());
  return redis;
}

test("the bridge speaks Upstash's wire: base64, pipelines, transactions and errors", async () => {
  const redis = openRestRedis(bridge.url, bridge.token);
  const key = keys.limit("wire");
  expect(await redis.set(key, 'grün, "so"')).toBe("OK");
  expect(await redis.get(key)).toBe('grün, "so"');
  expect(await redis.get(`${key}:none`)).toBeNull();
  expect(await redis.pipeline().hset(`${key}:h`, { a: 1 }).hlen(`${key}:h`).exec()).toEqual([1, 1]);
  await expect(redis.multi().incr(`${key}:n`).incr(`${key}:h`).exec()).rejects.toThrow("WRONGTYPE");
  await expect(redis.incr(`${key}:h`)).rejects.toThrow("WRONGTYPE");
});

test("an admission is one call by the script's hash; its text travels when Redis does not know it", async () => {
  await openPlain().script("FLUSH");
  const intake = open();
  await intake.admit([]);
  await intake.admit([]);
  expect(bridge.commands).toEqual(["evalsha", "eval", "evalsha"]);
});

test("a change raises the epoch that the next admission tells, and is announced", async () => {
  const intake = open();
  const subscriber = openPlain();
  const heard: string[] = [];
  subscriber.on("message", (_, message) => heard.push(message));
  await subscriber.subscribe(keys.changeChannel);
  await intake.announce({ kind: "flow", id: "f1" });
  expect((await intake.admit([])).epochs).toEqual({ flow: 1, key: 0, configuration: 0 });
  await expect.poll(() => heard).toEqual(["flow f1"]);
});

test("a refusal rejects instead of letting everybody in", async () => {
  await expect(open("wrong").admit([])).rejects.toThrow("WRONGPASS");
});
