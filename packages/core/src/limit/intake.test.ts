import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { until } from "../../../../test/client.ts";
import { openRestBridge, type RestBridge } from "../../../../test/rest-bridge.ts";
import { openTcpProxy } from "../../../../test/tcp-proxy.ts";
import { redisKeys } from "../prediction/redis-keys.ts";
import { openConnections } from "../redis/open-connections.ts";
import { redisSettings } from "../redis/redis-settings.ts";
import { CommonSettings } from "../settings.ts";
import type { Change, Intake, Rate, Window } from "./intake.ts";
import { openMemoryIntake } from "./memory-intake.ts";
import { openRedisIntake } from "./redis-intake.ts";
import { openRestIntake } from "./rest-intake.ts";

let bridge: RestBridge;
beforeAll(async () => {
  bridge = await openRestBridge(inject("redisUrl"));
});
afterAll(() => bridge.close());

async function redisIntake(name: string, url = inject("redisUrl")): Promise<Intake> {
  const settings = redisSettings(CommonSettings.parse({ REDIS_URL: url }));
  const connections = openConnections(settings, { warn: () => {} });
  onTestFinished(() => connections.close());
  return openRedisIntake(connections, redisKeys(name));
}
const restIntake = (name: string) => openRestIntake(bridge.url, bridge.token, redisKeys(name));
const newName = () => `intake-${randomUUID().slice(0, 8)}`;
const kinds = {
  redis: () => redisIntake(newName()),
  rest: async () => restIntake(newName()),
  memory: async () => openMemoryIntake(),
};
const window = (name: string, more: Partial<Window> = {}): Window => ({
  kind: "window",
  name,
  max: 5,
  windowMs: 60_000,
  ...more,
});
const rate = (name: string, more: Partial<Rate> = {}): Rate => ({
  kind: "rate",
  name,
  burst: 3,
  intervalUs: 60e6,
  ...more,
});

test("requests of one moment that nothing limits share an answer, later ones get a newer one", async () => {
  const intake = await kinds.redis();
  const [first, second] = await Promise.all([intake.admit([]), intake.admit([])]);
  expect(second).toBe(first);
  await intake.announce({ kind: "flow", id: "f1" });
  const later = await intake.admit([]);
  expect(later.epochs?.flow).toBe((first?.epochs?.flow ?? 0) + 1);
});

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])("by %s", (kind) => {
  test("exactly as many pass as each limit allows, however many come at once", async () => {
    const intake = await kinds[kind]();
    const all = await Promise.all(
      Array.from({ length: 50 }, () => intake.admit([window("a"), window("b")])),
    );
    const remaining = (i: number) =>
      all.flatMap(({ states }) => (states[i]?.passed ? [states[i].remaining] : [])).sort();
    expect([remaining(0), remaining(1)]).toEqual([
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
    ]);
    expect((await intake.admit([window("c")])).states).toEqual([
      { passed: true, remaining: 4, resetMs: 60_000, retryMs: 0 },
    ]);
  });

  test("a window ends a fixed time after its first hit, whatever comes between", async () => {
    const intake = await kinds[kind]();
    const short = window("a", { windowMs: 400 });
    await intake.admit([short]);
    await delay(250);
    const [second] = (await intake.admit([short])).states;
    expect(second?.remaining).toBe(3);
    expect(second?.resetMs).toBeLessThanOrEqual(160);
    await delay(250);
    expect((await intake.admit([short])).states[0]?.remaining).toBe(4);
  });

  test("a rate lets a burst through at once, then one in each interval", async () => {
    const intake = await kinds[kind]();
    const slow = rate("a", { intervalUs: 600_000 });
    const ask = async () => (await intake.admit([slow])).states[0]!;
    const burst = [await ask(), await ask(), await ask(), await ask()];
    expect(burst.map(({ passed }) => passed)).toEqual([true, true, true, false]);
    expect(burst[0]).toEqual({ passed: true, remaining: 2, resetMs: 600, retryMs: 0 });
    expect(burst[3]?.remaining).toBe(0);
    expect(burst[3]?.retryMs).toBeGreaterThan(0);
    expect(burst[3]?.retryMs).toBeLessThanOrEqual(600);
    await delay(burst[3]!.retryMs + 5);
    expect((await ask()).passed).toBe(true);
  });

  test("where one limit refuses, the others are not used up", async () => {
    const intake = await kinds[kind]();
    const narrow = rate("narrow", { burst: 1 });
    const wide = rate("wide", { burst: 10 });
    const counted = window("w");
    await intake.admit([narrow, wide, counted]);
    const refused = await intake.admit([wide, counted, narrow]);
    expect(refused.states.map(({ passed }) => passed)).toEqual([true, true, false]);
    const [after, hits] = (await intake.admit([wide, counted])).states;
    expect([after?.remaining, hits?.remaining]).toEqual([8, 3]);
  });

  test("a window that refuses uses no rate up", async () => {
    const intake = await kinds[kind]();
    const full = window("w", { max: 1 });
    for (let i = 0; i < 3; i++) await intake.admit([full, rate("a")]);
    expect((await intake.admit([rate("a")])).states[0]?.remaining).toBe(1);
  });

  test("a debt that a slower rate of old left is forgiven", async () => {
    const intake = await kinds[kind]();
    await intake.admit([rate("a", { intervalUs: 3600e6 })]);
    const fast = rate("a", { intervalUs: 100_000 });
    const [state] = (await intake.admit([fast])).states;
    expect(state?.passed).toBe(false);
    expect(state?.retryMs).toBeLessThanOrEqual(100);
  });

  test("without a limit there is still a clock", async () => {
    const { at, states } = await (await kinds[kind]()).admit([]);
    expect(states).toEqual([]);
    expect(Math.abs(at - Date.now())).toBeLessThan(5000);
  });

  test("a change raises its epoch", async () => {
    const intake = await kinds[kind]();
    const before = (await intake.admit([])).epochs!;
    await intake.announce({ kind: "flow", id: "f1" });
    await intake.announce({ kind: "key", id: "" });
    expect((await intake.admit([])).epochs).toEqual({
      flow: before.flow + 1,
      key: before.key + 1,
      configuration: before.configuration,
    });
  });
});

test.each(["redis", "memory"] as const)("a change is heard by %s", async (kind) => {
  const intake = await kinds[kind]();
  const heard: Change[] = [];
  intake.onChange((change) => void heard.push(change));
  await intake.announce({ kind: "flow", id: "f1" });
  await until(() => heard.length === 1, 2000);
  expect(heard).toEqual([{ kind: "flow", id: "f1" }]);
});

test("processes on one Redis share limits and changes, over TCP and over REST", async () => {
  const name = newName();
  const [here, there] = [await redisIntake(name), restIntake(name)];
  const heard: Change[] = [];
  here.onChange((change) => void heard.push(change));
  await here.admit([window("a"), rate("b")]);
  const { states, replicas } = await there.admit([window("a"), rate("b")]);
  expect(states.map(({ remaining }) => remaining)).toEqual([3, 1]);
  expect(replicas).toBe(2);
  await there.announce({ kind: "flow", id: "f1" });
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
  const works = () =>
    intake.admit([]).then(
      () => true,
      () => false,
    );
  await until(works, 5000);
});

test("memory forgets what has ended when there is too much", async () => {
  let now = 0;
  const intake = openMemoryIntake(() => now);
  for (let i = 0; i < 100_000; i++) await intake.admit([window(`w${i}`, { windowMs: 10 })]);
  now = 20;
  await intake.admit([window("new", { windowMs: 1000 })]);
  expect((await intake.admit([window("new", { windowMs: 1000 })])).states[0]?.remaining).toBe(3);
});
