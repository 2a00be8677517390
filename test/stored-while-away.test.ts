import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, call, until } from "./client.ts";
import { type OwnRedis, openOwnRedis } from "./faults/own-redis.ts";
import { chain, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

let redis: OwnRedis;
let split: Split;
beforeAll(async () => {
  redis = await openOwnRedis();
  split = await openSplit({ apis: 2, env: { REDIS_URL: redis.url } });
});
afterAll(async () => {
  await split?.close();
  await redis?.close();
});

test("what is changed while Redis is away is stored, answered as stored, and known everywhere once it is back", async () => {
  const flow = await store(split, chain(start(), reply("before")));
  const [here, there] = split.apis.map(({ url }) => url);
  // Both have the flow in their caches.
  for (const url of [here!, there!]) await ask(url, flow, { question: "x" });
  await redis.stop();
  const { key } = split;
  const flowData = JSON.stringify(chain(start(), reply("after")));
  const made = await Promise.all([
    call(here!, "PUT", `/chatflows/${flow}`, { key, body: { flowData } }),
    call(here!, "POST", "/chatflows", { key, body: { name: "new", type: "AGENTFLOW", flowData } }),
    call(here!, "POST", "/variables", { key, body: { name: "v", value: "1", type: "static" } }),
    call(here!, "POST", "/apikey", {
      key,
      body: { keyName: "k", permissions: ["chatflows:view"] },
    }),
  ]);
  expect(made.map(({ status, text }) => (status === 200 ? "stored" : text))).toEqual(
    made.map(() => "stored"),
  );
  await redis.startAgain({ withData: true });
  await until(async () => {
    const answer = await ask(there!, flow, { question: "x" });
    return answer.json?.text === "after";
  }, 10_000);
}, 60_000);
