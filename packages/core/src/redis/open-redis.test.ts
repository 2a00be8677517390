import { Redis } from "ioredis";
import { expect, inject, onTestFinished, test } from "vitest";
import { openTcpProxy } from "../../../../test/tcp-proxy.ts";
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

for (const role of ["consumer", "subscriber"] as const)
  test(`a ${role} whose network is lost without a word connects anew`, async () => {
    const proxy = await openTcpProxy(inject("redisUrl"));
    const settings = redisSettings(CommonSettings.parse({ REDIS_URL: proxy.url }));
    const patience = { silenceMs: 300, askEveryMs: 100 };
    const connection = openRedis(settings, role, { warn: () => {} }, patience);
    onTestFinished(async () => {
      await closeRedis(connection);
      await proxy.close();
    });
    const heard: string[] = [];
    connection.on("message", (_, message) => heard.push(message));
    if (role === "subscriber") await connection.subscribe("lost-and-found");
    else await connection.ping();

    proxy.strand();
    if (role === "consumer") expect(await connection.ping()).toBe("PONG");
    else {
      const publisher = new Redis(inject("redisUrl"));
      onTestFinished(() => publisher.disconnect());
      const hearing = () => publisher.publish("lost-and-found", "hello").then(() => heard);
      await expect.poll(hearing, { timeout: 5000 }).toContain("hello");
    }
  });
