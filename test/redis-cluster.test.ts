import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call, stream, textOf, until } from "./client.ts";
import { accept, cancel, ended, read, textByNode } from "./faults/native.ts";
import { chain, llm, start } from "./flows.ts";
import { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";
import { openSplit, type Split, store } from "./split.ts";

let cluster: RedisCluster;
let split: Split;
let simulator: Simulator;
let flow: string;
beforeAll(async () => {
  [cluster, simulator] = await Promise.all([startRedisCluster(), openSimulator()]);
  split = await openSplit({
    workers: 2,
    env: { REDIS_URL: cluster.url, ENABLE_BULLMQ_DASHBOARD: "true", ENABLE_METRICS: "true" },
  });
  flow = await store(split, chain(start(), llm({ url: simulator.url })));
}, 60_000);
afterAll(async () => {
  await Promise.all([split?.close(), simulator?.close()]);
  await cluster?.stop();
});

const words = (n: number) => `rid=w [[ttft=5 n=${n} gap=5]]`;
const told = (n: number) => Array.from({ length: n }, (_, i) => `w:${i} `).join("");
const times = Array.from({ length: 12 }, (_, i) => i);

test("on a Cluster predictions are answered, streamed and re-joined", async () => {
  const asked = times.map(() => ask(split.url, flow, { question: words(5) }));
  const streams = await Promise.all(
    times.map(() => stream(split.url, flow, { question: words(20) })),
  );
  const ids = await Promise.all(times.map(() => accept(split, flow, { question: words(20) })));
  const readers = await Promise.all(ids.map((id) => read(split, id)));
  for (const { json } of await Promise.all(asked)) expect(json?.text).toBe(told(5));
  for (const one of streams) expect(textOf(await one.ended)).toBe(told(20));
  for (const reader of readers) {
    await reader.closed;
    expect(textByNode(reader.entries)).toEqual({ llmAgentflow_0: told(20) });
  }
  expect(await ended(split, ids, 5000)).toEqual(ids.map(() => "succeeded"));
});

test("on a Cluster a cancel closes the model's connection", async () => {
  const id = await accept(split, flow, { question: "rid=c [[ttft=5 n=2000 gap=20]]" });
  await until(() => simulator.stats().active === 1, 5000);
  expect((await cancel(split, id)).state).toBe("canceled");
  await until(() => simulator.stats().active === 0, 2000);
});

test("on a Cluster a flow's limit holds, and the queue can be looked at", async () => {
  const config = { rateLimit: { status: true, limitMax: 3, limitDuration: 60, limitMsg: "slow" } };
  const limited = await store(split, chain(start(), llm({ url: simulator.url })), {
    apiConfig: JSON.stringify(config),
  });
  const answers = [];
  for (let i = 0; i < 5; i++) answers.push(await ask(split.url, limited, { question: words(1) }));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
  const { text } = await call(split.url, "GET", "/metrics", { key: split.key });
  expect(text).toMatch(/^sluice_workers(\{.*\})? 2$/m);
  const board = await fetch(`${split.url}/admin/queues/api/queues`, {
    headers: { authorization: `Bearer ${split.key}` },
  });
  expect(board.status).toBe(200);
});

test("on a Cluster a worker that is told to stop hands over what it has", async () => {
  const worker = await split.addWorker({ WORKER_STOP_TIMEOUT_SECONDS: "1" });
  const ids = await Promise.all(
    times.map(() => accept(split, flow, { question: "rid=w [[ttft=5 n=100 gap=20]]" })),
  );
  await until(() => simulator.stats().active === times.length, 8000);
  worker.signal("SIGTERM");
  expect(await worker.exit).toBe(0);
  expect(await ended(split, ids, 20_000)).toEqual(ids.map(() => "succeeded"));
}, 40_000);
