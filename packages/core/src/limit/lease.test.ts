import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { until } from "../../../../test/client.ts";
import type { Places } from "../prediction/places.ts";
import { redisKeys } from "../prediction/redis-keys.ts";
import { openConnections } from "../redis/open-connections.ts";
import { redisSettings } from "../redis/redis-settings.ts";
import { CommonSettings } from "../settings.ts";
import type { Leases, Placed } from "./lease.ts";
import { openMemoryLeases } from "./memory-leases.ts";
import { openRedisLeases } from "./redis-leases.ts";

const leaseMs = 400;
const newName = () => `lease-${randomUUID().slice(0, 8)}`;

function connect() {
  const settings = redisSettings(CommonSettings.parse({ REDIS_URL: inject("redisUrl") }));
  const connections = openConnections(settings, { warn: () => {} });
  onTestFinished(() => connections.close());
  return { redis: connections.command, subscriber: connections.subscriber };
}
const kinds = {
  redis: () => openRedisLeases(connect(), redisKeys(newName()), leaseMs),
  memory: async () => openMemoryLeases(leaseMs),
};

const job = (id: string, places: Places, acceptedAt = 1000): Placed => ({
  id,
  segment: 0,
  acceptedAt,
  places,
});
const capped = (id: string, max = 2) => job(id, { caps: [{ name: "flow:f", max }] });
const turned = (id: string, policy: "enqueue" | "reject" | "interrupt", at = 1000) =>
  job(id, { turn: { name: "f:c", policy } }, at);
const states = async (leases: Leases, ...jobs: Placed[]) => {
  const entered = [];
  for (const one of jobs) entered.push((await leases.enter(one, false)).state);
  return entered;
};

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])("by %s", (kind) => {
  test("so many predictions are open at once as a cap says, and the next when one has left", async () => {
    const leases = await kinds[kind]();
    expect(await states(leases, capped("a"), capped("b"), capped("c"))).toEqual([
      "in",
      "in",
      "full",
    ]);
    // One that is in stays in.
    expect((await leases.enter(capped("a"), false)).state).toBe("in");
    await leases.leave(capped("a"));
    expect((await leases.enter(capped("c"), false)).state).toBe("in");
  });

  test("of two caps both or none are taken, and the full one is named", async () => {
    const leases = await kinds[kind]();
    const caps = [
      { name: "key:k", max: 5 },
      { name: "flow:f", max: 1 },
    ];
    await leases.enter(job("a", { caps }), false);
    expect(await leases.enter(job("b", { caps }), false)).toEqual({ state: "full", cap: 1 });
    const wide = { caps: [{ name: "key:k", max: 2 }] };
    expect((await leases.enter(job("c", wide), false)).state).toBe("in");
  });

  test("what is promised takes a place even when there is none", async () => {
    const leases = await kinds[kind]();
    await leases.enter(capped("a", 1), false);
    expect((await leases.enter(capped("b", 1), true)).state).toBe("in");
  });

  test("a place that nobody renews becomes free, one that is renewed does not", async () => {
    const leases = await kinds[kind]();
    await states(leases, capped("dead"), capped("alive"));
    for (let i = 0; i < 5; i++) {
      await delay(leaseMs / 4);
      expect(await leases.renew([{ job: capped("alive"), as: "keep" }])).toEqual(["held"]);
    }
    expect(await states(leases, capped("c"), capped("d"))).toEqual(["in", "full"]);
  });

  test("a worker takes up places that have run out, and a queue does not bring back what has left", async () => {
    const leases = await kinds[kind]();
    await leases.enter(capped("a", 1), false);
    await leases.leave(capped("a", 1));
    expect(await leases.renew([{ job: capped("a", 1), as: "keep" }])).toEqual(["gone"]);
    await leases.renew([{ job: capped("a", 1), as: "hold" }]);
    expect((await leases.enter(capped("b", 1), false)).state).toBe("full");
  });

  test("messages of a conversation get their turn in the order in which they were accepted", async () => {
    const leases = await kinds[kind]();
    const told: string[] = [];
    leases.onTurn((id) => told.push(id));
    const [a, c, b] = [
      turned("a", "enqueue", 1),
      turned("c", "enqueue", 3),
      turned("b", "enqueue", 2),
    ];
    const entered = [];
    for (const one of [a, c, b]) entered.push(await leases.enter(one, false));
    expect(entered.map((one) => one.state === "in" && one.first)).toEqual([true, false, false]);
    const wait = (one: Placed) => leases.renew([{ job: one, as: "wait" as const }]);
    expect(await wait(b)).toEqual(["held"]);
    await leases.leave(a);
    await until(() => told.length === 1, 2000);
    expect(told).toEqual(["b"]);
    expect([await wait(c), await wait(b)]).toEqual([["held"], ["first"]]);
    // An older one that comes late does not push in while this one runs.
    const late = await leases.enter(turned("late", "enqueue", 0), false);
    expect(late).toMatchObject({ state: "in", first: false });
  });

  test("a turn is passed on when its holder has died", async () => {
    const leases = await kinds[kind]();
    const [a, b] = [turned("a", "enqueue", 1), turned("b", "enqueue", 2)];
    await states(leases, a, b);
    await until(
      async () => (await leases.renew([{ job: b, as: "wait" }]))[0] === "first",
      leaseMs * 4,
    );
  });

  test("a busy conversation rejects by naming what it is busy with", async () => {
    const leases = await kinds[kind]();
    await leases.enter(turned("a", "reject"), false);
    expect(await leases.enter(turned("b", "reject"), false)).toEqual({ state: "busy", by: "a" });
    await leases.leave(turned("a", "reject"));
    expect(await leases.enter(turned("b", "reject"), false)).toMatchObject({ first: true });
  });

  test("one that interrupts learns what it interrupts, and waits until that has left", async () => {
    const leases = await kinds[kind]();
    await leases.enter(turned("a", "interrupt", 1), false);
    expect(await leases.enter(turned("b", "interrupt", 2), false)).toEqual({
      state: "in",
      first: false,
      others: ["a"],
    });
  });

  test("so many messages of a conversation may wait, and no more", async () => {
    const leases = await kinds[kind]();
    const all = Array.from({ length: 21 }, (_, i) => turned(`p${i}`, "enqueue", i + 1));
    const entered = await states(leases, ...all);
    expect([entered.filter((state) => state === "in").length, entered.at(-1)]).toEqual([
      20,
      "crowded",
    ]);
  });
});

test("a place whose run has ended is not kept, though nobody has left it", async () => {
  const { redis } = connect();
  const keys = redisKeys(newName());
  const leases = await openRedisLeases({ redis }, keys, leaseMs);
  await leases.enter(capped("a", 1), false);
  await redis.hset(keys.claim("a"), "ended", "0");
  expect(await leases.renew([{ job: capped("a", 1), as: "keep" }])).toEqual(["gone"]);
  expect((await leases.enter(capped("b", 1), false)).state).toBe("in");
});

test("the places of a process that is killed become free", async () => {
  const name = newName();
  const leases = await openRedisLeases(connect(), redisKeys(name), leaseMs);
  const file = new URL("./__fixtures__/hold-place.ts", import.meta.url);
  const child = spawn(process.execPath, [file.pathname, inject("redisUrl"), name], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "message");
  await delay(leaseMs * 2);
  expect((await leases.enter(capped("b", 1), false)).state).toBe("full");
  child.kill("SIGKILL");
  await until(async () => (await leases.enter(capped("b", 1), false)).state === "in", leaseMs * 3);
});
