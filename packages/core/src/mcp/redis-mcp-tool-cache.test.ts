import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, onTestFinished, test } from "vitest";
import { redisKeys } from "../prediction/redis-keys.ts";
import { openRedis } from "../redis/open-redis.ts";
import { redisSettings } from "../redis/redis-settings.ts";
import { CommonSettings } from "../settings.ts";
import { openRedisMcpToolCache } from "./redis-mcp-tool-cache.ts";

function openCache(keys = redisKeys(`mcp-${randomUUID().slice(0, 8)}`)) {
  const settings = redisSettings(CommonSettings.parse({ REDIS_URL: inject("redisUrl") }));
  const redis = openRedis(settings, "consumer", { warn: () => {} });
  onTestFinished(async () => void (await redis.quit()));
  return { keys, redis, cache: openRedisMcpToolCache(redis, keys) };
}

test("what one process keeps another finds, until it expires", async () => {
  const { keys, cache } = openCache();
  await cache.set("a", "[1]", 60_000);
  await cache.set("b", "[2]", 20);
  const { cache: other } = openCache(keys);
  expect(await other.get("a")).toBe("[1]");
  await delay(60);
  expect(await other.get("b")).toBeUndefined();
});

test("the newest 200 lists are kept, and none that is very long", async () => {
  const { keys, redis, cache } = openCache();
  for (let i = 0; i < 205; i++) await cache.set(`list-${i}`, "[]", 60_000);
  await cache.set("long", "x".repeat(200_000), 60_000);
  expect(await redis.zcard(keys.mcpTools)).toBe(200);
  const found = await Promise.all(["list-0", "list-204", "long"].map(cache.get));
  expect(found).toEqual([undefined, "[]", undefined]);
});
