import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { CommonSettings, readSettings } from "../settings.ts";
import { closeRedis, openRedis } from "./open-redis.ts";
import { redisSettings } from "./redis-settings.ts";

const opened = (environment: Record<string, string>) => {
  const settings = redisSettings(readSettings(CommonSettings, { REDIS_PORT: "1", ...environment }));
  const connection = openRedis(settings, "producer", { warn: () => {} });
  onTestFinished(() => closeRedis(connection));
  return connection;
};

test("REDIS_KEEP_ALIVE is how long a connection is silent before it is probed, 10 s unless it is said", () => {
  const silence = (environment: Record<string, string>) =>
    (opened(environment) as Redis).options.keepAlive;
  expect([silence({}), silence({ REDIS_KEEP_ALIVE: "2500" })]).toEqual([10_000, 2500]);
  expect(opened({})).toBeInstanceOf(Redis);
});
