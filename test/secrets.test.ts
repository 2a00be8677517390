import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  closeRedis,
  openRedis,
  type RedisConnection,
} from "../packages/core/src/redis/open-redis.ts";
import { redisSettings } from "../packages/core/src/redis/redis-settings.ts";
import { CommonSettings } from "../packages/core/src/settings.ts";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call, type Reply, stream, until } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import { credentialSecret, openSplit, type Split, store, storeCredential } from "./split.ts";

const quiet = { warn: () => {} };
const masterKey = "the-master-key-of-this-test";
const secretQuestion = "my-passphrase-is-swordfish";
let split: Split;
let simulator: Simulator;
let redis: RedisConnection;
let flow: string;
let credential: string;
beforeAll(async () => {
  const env = { LOG_LEVEL: "trace", FLOWISE_SECRETKEY_OVERWRITE: masterKey };
  [split, simulator] = await Promise.all([
    openSplit({ env }),
    openSimulator({ ttftMs: 1, gapMs: 1 }),
  ]);
  const variables = CommonSettings.parse({ REDIS_URL: inject("redisUrl") });
  redis = openRedis(redisSettings(variables), "producer", quiet);
  credential = await storeCredential(split);
  flow = await store(split, chain(start(), llm({ url: simulator.url, credential })));
});
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await Promise.all([split?.close(), simulator?.close()]);
});

/** Everything that Redis holds for this queue, as text, by key. */
async function redisContents(): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (const key of await redis.keys(`*${split.queueName}*`)) {
    const type = await redis.type(key);
    const read = {
      string: () => redis.get(key),
      hash: () => redis.hgetall(key),
      list: () => redis.lrange(key, 0, -1),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, "0", "-1"),
      stream: () => redis.xrange(key, "-", "+"),
    }[type];
    contents.set(key, JSON.stringify(await read?.()));
  }
  return contents;
}

test("neither Redis nor any log knows a credential, a key or what was asked", async () => {
  const question = `${secretQuestion} rid=q [[n=30 gap=20]]`;
  const streamed = await stream(split.url, flow, { question });
  await streamed.seen(({ event }) => event === "token");
  const during = await redisContents();
  await streamed.ended;
  const replies: Reply[] = [
    await ask(split.url, flow, { question: `${secretQuestion} [[n=1]]` }),
    await ask(split.url, flow, { question: `${secretQuestion} [[status=400]]` }),
    await ask(split.url, flow, `{"question": "${secretQuestion}`),
    await call(split.url, "GET", "/executions", { key: split.key }),
  ];
  const after = await redisContents();
  expect(during.size).toBeGreaterThan(3);
  for (const contents of [during, after])
    for (const [key, text] of contents) {
      for (const secret of [credentialSecret, masterKey, split.key])
        expect(`${key} ${text}`).not.toContain(secret);
      // The log of a prediction says what its nodes were given; what travels as a job is sealed.
      if (key.startsWith("bull")) expect(text).not.toContain(secretQuestion);
    }
  const jobs = [...after].filter(([key]) => /^bull.*:prd_[^:]+$/.test(key));
  expect(jobs.length).toBeGreaterThan(0);
  expect(jobs[0]?.[1]).toContain("sealed");
  for (const { text } of replies) expect(text).not.toContain(credentialSecret);
  const { host } = new URL(inject("redisUrl"));
  expect(split.output()).toContain("ready");
  for (const secret of [credentialSecret, masterKey, split.key, secretQuestion, host])
    expect(split.output()).not.toContain(secret);
});

test("neither answers, public executions nor streams of our own name a credential", async () => {
  const answer = await ask(split.url, flow, { question: "[[n=1]]" });
  const { executionId } = answer.json;
  const shown = { body: { isPublic: true }, key: split.key };
  await call(split.url, "PUT", `/executions/${executionId}`, shown);
  const execution = await call(split.url, "GET", `/public-executions/${executionId}`);
  const response = await fetch(`${split.url}/v1/predictions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${split.key}`,
      "content-type": "application/json",
      accept: "text/event-stream",
    },
    body: JSON.stringify({ flowId: flow, question: "[[n=1]]" }),
    signal: AbortSignal.timeout(15_000),
  });
  for (const text of [answer.text, execution.text, await response.text()]) {
    expect(text).toContain("llmModelConfig");
    expect(text).not.toContain(credential);
  }
});

test("a process that cannot start says why without the secrets it was given", async () => {
  const url = "postgres://someone:hunter2@127.0.0.1:1/nothing";
  const failing = split.addApi({ DATABASE_URL: url });
  const reason = await failing.then(
    () => "",
    (error: Error) => error.message,
  );
  expect(reason).toMatch(/sluice api: .*(ECONNREFUSED|connect)/);
  expect(reason).not.toMatch(/hunter2|\bat .*:\d+:\d+/);
}, 40_000);

test("what was asked is sealed with the key of the credentials, and unreadable without", async () => {
  // A worker of another key can open nothing, and says so instead of leaving the caller to wait.
  const stranger = await openSplit({ env: { FLOWISE_SECRETKEY_OVERWRITE: "one key" }, workers: 0 });
  try {
    await stranger.addWorker({ FLOWISE_SECRETKEY_OVERWRITE: "another key" });
    const other = await store(stranger, chain(start(), llm({ url: simulator.url })));
    const before = simulator.stats().requests;
    const failed = await ask(stranger.url, other, { question: "x" }, { timeoutMs: 25_000 });
    expect(failed.status).toBe(500);
    expect(failed.json.message).toMatch(/\w/);
    expect(simulator.stats().requests).toBe(before);
    await until(() => stranger.output().includes("could not be run"), 5000);
  } finally {
    await stranger.close();
  }
}, 40_000);
