import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ask, until } from "./client.ts";
import { chain, reply, start } from "./flows.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { openSplit, type Split, store } from "./split.ts";
import { openTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

let redis: RedisServer;
let postgres: TcpProxy;
let split: Split;
let flow: string;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), openTcpProxy(inject("postgresUrl"))]);
  split = await openSplit({ env: { REDIS_URL: redis.url }, postgresVia: postgres.url });
  flow = await store(split, chain(start(), reply("well")));
});
afterAll(async () => {
  await split?.close();
  await Promise.all([redis?.stop(), postgres?.close()]);
});

/** Status and body of a health path, which answers within 4 s whatever is missing. */
async function probe(url: string, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(4000) });
  return { status: response.status, body: await response.text() };
}
const ready = (url: string) => probe(url, "/readyz");
const both = (): [string, string] => [split.url, split.workers[0]!.url];

async function bothSay(status: number, withinMs: number): Promise<void> {
  let last: unknown;
  await until(
    async () => {
      const replies = await Promise.all(both().map(ready));
      last = replies;
      return replies.every((one) => one.status === status);
    },
    withinMs,
    () => JSON.stringify(last),
  );
}

async function live(): Promise<void> {
  for (const url of both()) expect((await probe(url, "/healthz")).status).toBe(200);
}

const answers = async () => expect((await ask(split.url, flow, {})).json?.text).toBe("well");

/** Takes something away, and sees both processes say so and recover when it is back. */
async function without(lose: () => unknown, regain: () => unknown): Promise<void> {
  await bothSay(200, 5000);
  try {
    await lose();
    await bothSay(503, 5000);
    await live();
  } finally {
    await regain();
  }
  await bothSay(200, 10_000);
  await live();
  await answers();
}

test("API and worker are ready, and say 404 to what they do not know", async () => {
  await bothSay(200, 1000);
  expect(JSON.parse((await ready(split.url)).body)).toEqual({ ready: true, missing: [] });
  for (const url of both()) expect((await probe(url, "/nothing")).status).toBe(404);
});

test("a Redis that ends is noticed within 5 s, and its successor by itself", async () => {
  await without(
    () => redis.stop(),
    async () => {
      redis = await startRedis({ port: redis.port });
    },
  );
});

test("a Redis that no longer answers is noticed just the same", async () => {
  await without(
    () => process.kill(redis.pid, "SIGSTOP"),
    () => process.kill(redis.pid, "SIGCONT"),
  );
});

test("a Postgres that is gone is noticed within 5 s, and that it is back", async () => {
  await without(postgres.cut, postgres.restore);
});

test("a Postgres that no longer answers is noticed just the same", async () => {
  await without(postgres.freeze, postgres.restore);
});

test("while Redis is away a prediction is refused at once, and the reason is no secret", async () => {
  await bothSay(200, 5000);
  await redis.stop();
  const refused = await ask(split.url, flow, { question: "x" }, { timeoutMs: 9000 }).finally(
    async () => {
      redis = await startRedis({ port: redis.port });
    },
  );
  expect(refused.json).toEqual({
    statusCode: 503,
    success: false,
    message: "The service cannot take predictions right now; try again in a moment",
    stack: {},
  });
  await bothSay(200, 10_000);
  await answers();
});
