import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call, stream, textOf, until } from "./client.ts";
import { runDoctor } from "./doctor.ts";
import { accept, cancel, ended, read } from "./faults/native.ts";
import { connectRedis } from "./faults/redis-client.ts";
import { chain, llm, start } from "./flows.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { openSplit, type Split, store } from "./split.ts";

/** What docs/redis.md gives a user, for a queue named `q`. */
const commands =
  "-@all +@read +@write +@connection +@transaction +@pubsub +@scripting -@dangerous +info +time";
const keys = "resetkeys ~{sluice:q}:* ~bull:q-* resetchannels &{sluice:q}:*";
const user = (name: string, rights: string) => `--user ${name} on >secret ${rights}`.split(" ");

let redis: RedisServer;
let simulator: Simulator;
beforeAll(async () => {
  [redis, simulator] = await Promise.all([
    startRedis({
      flags: [
        ...user("least", `${keys} ${commands}`),
        ...user("mute", `${keys} ${commands} -@scripting`),
        ...["--requirepass", "admin", "--maxmemory-policy", "noeviction"],
      ],
    }),
    openSimulator(),
  ]);
});
afterAll(() => Promise.all([redis?.stop(), simulator?.close()]));

const urlOf = (name: string) => `redis://${name}:secret@127.0.0.1:${redis.port}`;

test("a user with the documented rights and no others does for the whole split", async () => {
  const split: Split = await openSplit({
    env: { REDIS_URL: urlOf("least"), QUEUE_NAME: "q", ENABLE_METRICS: "true" },
  });
  try {
    const rateLimit = { status: true, limitMax: 2, limitDuration: 60, limitMsg: "slow" };
    const graph = chain(start(), llm({ url: simulator.url }));
    const flow = await store(split, graph);
    const limited = await store(split, graph, { apiConfig: JSON.stringify({ rateLimit }) });
    const question = "rid=w [[ttft=5 n=2 gap=5]]";
    expect((await ask(split.url, flow, { question })).json?.text).toBe("w:0 w:1 ");
    expect(textOf(await (await stream(split.url, flow, { question })).ended)).toBe("w:0 w:1 ");
    const id = await accept(split, flow, { question });
    await (await read(split, id)).closed;
    expect(await ended(split, [id], 5000)).toEqual(["succeeded"]);
    const long = await accept(split, flow, { question: "rid=c [[n=2000 gap=20]]" });
    await until(() => simulator.stats().active === 1, 5000);
    expect((await cancel(split, long)).state).toBe("canceled");
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await ask(split.url, limited, { question })).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await call(split.url, "GET", "/metrics", { key: split.key })).status).toBe(200);
    const env = { REDIS_URL: urlOf("least"), QUEUE_NAME: "q", DATABASE_URL: split.database.url };
    const { code, findings } = await runDoctor(env);
    expect(findings.filter(({ level }) => level === "fail")).toEqual([]);
    expect(code).toBe(0);
  } finally {
    await split.close();
  }
  const admin = connectRedis(`redis://:admin@127.0.0.1:${redis.port}`);
  const refused = (await admin.call("ACL", "LOG")) as unknown[][];
  admin.disconnect();
  // The doctor asks for the configuration, and does without.
  const objects = refused.map((entry) => String(entry[entry.indexOf("object") + 1]));
  expect(objects.filter((object) => !object.startsWith("config"))).toEqual([]);
}, 40_000);

test("a user that may not run scripts is told so, by the doctor and by the processes", async () => {
  const env = { REDIS_URL: urlOf("mute"), QUEUE_NAME: "q" };
  const { code, find } = await runDoctor({ ...env, DATABASE_URL: inject("postgresUrl") });
  expect(code).toBe(1);
  expect(find("redis.scripts")?.message).toMatch(/the user may not do everything .*'eval'/);
  expect(find("redis.scripts")?.remedy).toContain("+@scripting");
  const split = await openSplit({ env });
  try {
    for (const one of [...split.apis, ...split.workers])
      await until(() => /Redis cannot be used: the user may not .*'eval'/.test(one.output()), 5000);
    const flow = await store(split, chain(start(), llm({ url: simulator.url })));
    expect((await ask(split.url, flow, { question: "x" })).status).toBe(503);
  } finally {
    await split.close();
  }
}, 30_000);

test("a user without the queue's keys, and one with a wrong password, are told what is wrong", async () => {
  const DATABASE_URL = inject("postgresUrl");
  const other = await runDoctor({ REDIS_URL: urlOf("least"), QUEUE_NAME: "other", DATABASE_URL });
  expect(other.find("redis.blocking")?.message).toContain("NOPERM");
  const wrong = await runDoctor({
    REDIS_URL: urlOf("least").replace("secret", "wrong"),
    DATABASE_URL,
  });
  expect(wrong.find("redis.use")?.message).toContain("user or password are not accepted");
  expect(wrong.out).not.toContain("wrong@");
});
