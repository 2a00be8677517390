import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { redisKeys } from "../packages/core/src/prediction/redis-keys.ts";
import { ask, call, type Reply, until } from "./client.ts";
import { connectRedis } from "./faults/redis-client.ts";
import { chain, reply, start } from "./flows.ts";
import { openRestBridge, type RestBridge } from "./rest-bridge.ts";
import { openSplit, type Split, store } from "./split.ts";

/** One replica counts over TCP, the other over REST. */
let split: Split;
let bridge: RestBridge;
let urls: string[] = [];
let address = 0;
beforeAll(async () => {
  bridge = await openRestBridge(inject("redisUrl"));
  const env = { TRUST_PROXY: "1", RATE_LIMIT_IP: "40/1h", RATE_LIMIT_GLOBAL: "100000/1s" };
  split = await openSplit({ env });
  const rest = await split.addApi({
    UPSTASH_REDIS_REST_URL: bridge.url,
    UPSTASH_REDIS_REST_TOKEN: bridge.token,
  });
  urls = [split.url, rest.url];
});
afterAll(() => Promise.all([split?.close(), bridge?.close()]));
beforeEach(() => {
  address++;
});

const limited = (more: object = {}) => ({
  apiConfig: JSON.stringify({
    rateLimit: { status: true, limitMax: 5, limitDuration: 2, limitMsg: "Slow down", ...more },
  }),
});
const graph = chain(start(), reply("ok"));
const asked = (flow: string, i: number) =>
  ask(
    urls[i % 2]!,
    flow,
    { question: "x" },
    { headers: { "x-forwarded-for": `192.0.2.${address}` } },
  );
const statuses = (replies: Reply[]) => replies.map(({ status }) => status).sort();
const onBoth = (flow: string) => Promise.all([asked(flow, 0), asked(flow, 1)]);

test("five pass at once, spread over both", async () => {
  const flow = await store(split, graph, limited({ limitDuration: 60 }));
  const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => asked(flow, i)));
  expect(statuses(replies)).toEqual([...Array(5).fill(200), ...Array(15).fill(429)]);
});

test("five pass in any window, one after another", async () => {
  const flow = await store(split, graph, limited());
  const passed: { sentAt: number; answeredAt: number }[] = [];
  for (let i = 0; i < 38 && passed.length < 11; i++) {
    const sentAt = Date.now();
    if ((await asked(flow, i)).status === 200) passed.push({ sentAt, answeredAt: Date.now() });
    await delay(i < 5 ? 0 : 120);
  }
  expect(passed.length).toBeGreaterThanOrEqual(6);
  for (const [i, { answeredAt }] of passed.slice(5).entries())
    expect(answeredAt - passed[i]!.sentAt).toBeGreaterThanOrEqual(1990);
});

test("a limit that is switched off is off on both within a second", async () => {
  const flow = await store(split, graph, limited({ limitMax: 1, limitDuration: 60 }));
  await asked(flow, 0);
  expect(statuses(await onBoth(flow))).toEqual([429, 429]);
  const body = limited({ status: false });
  await call(split.url, "PUT", `/chatflows/${flow}`, { body, key: split.key });
  await until(async () => statuses(await onBoth(flow)).join() === "200,200", 1000);
});

test("also when the message was lost", async () => {
  const flow = await store(split, graph, limited({ limitMax: 1, limitDuration: 60 }));
  await asked(flow, 0);
  expect(statuses(await onBoth(flow))).toEqual([429, 429]);
  await split.database.pool.query("update flow set api_config = $1 where id = $2", [
    limited({ status: false }).apiConfig,
    flow,
  ]);
  const redis = connectRedis(inject("redisUrl"));
  await redis.hincrby(redisKeys(split.queueName).epochs, "flow", 1);
  redis.disconnect();
  await until(async () => statuses(await onBoth(flow)).join() === "200,200", 1000);
});

test("a request costs one call where flow and caller are known, with all limits in it", async () => {
  const flow = await store(split, graph, limited());
  await asked(flow, 1);
  bridge.commands.length = 0;
  const { status, headers } = await asked(flow, 1);
  expect([status, headers.get("ratelimit-remaining")]).toEqual([200, "3"]);
  expect(headers.get("ratelimit")).toMatch(/^"ip";r=38;t=\d+$/);
  expect(bridge.commands).toEqual(["evalsha"]);
});

test("while limits cannot be counted, each does what is set for it", async () => {
  const plain = await store(split, graph);
  const flow = await store(split, graph, limited());
  await onBoth(flow);
  // Both count, so that each knows of two.
  await onBoth(plain);
  bridge.cut();
  try {
    expect((await asked(flow, 1)).status).toBe(503);
    const replies: Reply[] = [];
    for (let i = 0; i < 22; i++) replies.push(await asked(plain, 1));
    // The address has half of its forty here.
    expect(statuses(replies)).toEqual([...Array(20).fill(200), 429, 429]);
  } finally {
    bridge.restore();
  }
  await until(async () => (await asked(flow, 1)).status === 200, 3000);
}, 20_000);
