import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { until } from "../../../../test/client.ts";
import { openTcpProxy } from "../../../../test/tcp-proxy.ts";
import { redisKeys } from "../prediction/redis-keys.ts";
import { openConnections } from "../redis/open-connections.ts";
import { redisSettings } from "../redis/redis-settings.ts";
import { CommonSettings } from "../settings.ts";
import type { Change, Intake } from "./intake.ts";
import { openMemoryIntake } from "./memory-intake.ts";
import { openRedisIntake } from "./redis-intake.ts";

async function redisIntake(name: string, url = inject("redisUrl")): Promise<Intake> {
  const settings = redisSettings(CommonSettings.parse({ REDIS_URL: url }));
  const connections = openConnections(settings, { warn: () => {} });
  onTestFinished(() => connections.close());
  return openRedisIntake(connections, redisKeys(name));
}
const newName = () => `intake-${randomUUID().slice(0, 8)}`;
const kinds = {
  redis: () => redisIntake(newName()),
  memory: async () => openMemoryIntake(),
};
const window = (name: string, windowMs = 60_000) => ({ name, max: 5, windowMs });

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])("by %s", (kind) => {
  test("hits of a window are counted one by one, however many come at once", async () => {
    const intake = await kinds[kind]();
    const all = await Promise.all(
      Array.from({ length: 50 }, () => intake.admit([window("a"), window("b")])),
    );
    const counted = (i: number) =>
      all.map(({ windows }) => windows[i]?.hits).sort((a, b) => a! - b!);
    const oneToFifty = Array.from({ length: 50 }, (_, i) => i + 1);
    expect([counted(0), counted(1)]).toEqual([oneToFifty, oneToFifty]);
    const other = await intake.admit([window("c")]);
    expect(other.windows).toEqual([{ hits: 1, resetMs: 60_000 }]);
  });

  test("a window ends a fixed time after its first hit, whatever comes between", async () => {
    const intake = await kinds[kind]();
    await intake.admit([window("a", 400)]);
    await delay(250);
    const [second] = (await intake.admit([window("a", 400)])).windows;
    expect(second?.hits).toBe(2);
    expect(second?.resetMs).toBeLessThanOrEqual(160);
    await delay(250);
    expect((await intake.admit([window("a", 400)])).windows[0]?.hits).toBe(1);
  });

  test("without a window there is still a clock", async () => {
    const { at, windows } = await (await kinds[kind]()).admit([]);
    expect(windows).toEqual([]);
    expect(Math.abs(at - Date.now())).toBeLessThan(5000);
  });

  test("a change raises its epoch and is heard", async () => {
    const intake = await kinds[kind]();
    const heard: Change[] = [];
    intake.onChange((change) => void heard.push(change));
    const before = (await intake.admit([])).epochs;
    await intake.announce({ kind: "flow", id: "f1" });
    await intake.announce({ kind: "key", id: "" });
    expect((await intake.admit([])).epochs).toEqual({
      flow: before.flow + 1,
      key: before.key + 1,
      configuration: before.configuration,
    });
    await until(() => heard.length === 2, 2000);
    expect(heard).toEqual([
      { kind: "flow", id: "f1" },
      { kind: "key", id: "" },
    ]);
  });
});

test("processes on one Redis share windows and changes", async () => {
  const name = newName();
  const [here, there] = [await redisIntake(name), await redisIntake(name)];
  const heard: Change[] = [];
  there.onChange((change) => void heard.push(change));
  await here.admit([window("a")]);
  expect((await there.admit([window("a")])).windows[0]?.hits).toBe(2);
  await here.announce({ kind: "flow", id: "f1" });
  await until(() => heard.length === 1, 2000);
});

test("a counter that does not answer is an error within seconds, and works again after", async () => {
  const proxy = await openTcpProxy(inject("redisUrl"));
  onTestFinished(() => proxy.close());
  const intake = await redisIntake(newName(), proxy.url);
  await intake.admit([]);
  proxy.cut();
  await expect(intake.admit([window("a")])).rejects.toThrow();
  proxy.restore();
  await until(
    () =>
      intake.admit([]).then(
        () => true,
        () => false,
      ),
    5000,
  );
});

test("memory forgets ended windows when there are too many", async () => {
  let now = 0;
  const intake = openMemoryIntake(() => now);
  for (let i = 0; i < 100_000; i++) await intake.admit([window(`w${i}`, 10)]);
  now = 20;
  await intake.admit([window("new", 1000)]);
  expect((await intake.admit([window("new", 1000)])).windows[0]?.hits).toBe(2);
});
