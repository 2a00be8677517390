import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { type Authority, makeAuthority } from "./certificates.ts";
import { ask, until } from "./client.ts";
import { accept, cancel, ended } from "./faults/native.ts";
import { connectRedis } from "./faults/redis-client.ts";
import { chain, llm, start } from "./flows.ts";
import { freePort } from "./free-port.ts";
import { spawnProcess } from "./process.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { openSplit, type Split, store } from "./split.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const quick = { question: "rid=q [[ttft=1 n=1 gap=1]]" };

let simulator: Simulator;
let authority: Authority;
let redis: RedisServer;
let admin: ReturnType<typeof connectRedis>;
let ports: { tls: number; api: number; worker: number };
beforeAll(async () => {
  authority = makeAuthority();
  const { cert, key } = authority.issue("DNS:localhost");
  ports = { tls: await freePort(), api: await freePort(), worker: await freePort() };
  const tls = ["--tls-port", `${ports.tls}`, "--tls-cert-file", cert, "--tls-key-file", key];
  const user = "--user ada on >secret ~* &* +@all --requirepass admin".split(" ");
  const clients = ["--tls-ca-cert-file", authority.file, "--tls-auth-clients", "yes"];
  [redis, simulator] = await Promise.all([
    startRedis({ flags: [...tls, ...clients, ...user] }),
    openSimulator(),
  ]);
  admin = connectRedis(`redis://:admin@127.0.0.1:${redis.port}`);
});
afterAll(async () => {
  admin?.disconnect();
  await Promise.all([redis?.stop(), simulator?.close()]);
  authority?.remove();
});

const flowOf = (split: Split) => store(split, chain(start(), llm({ url: simulator.url })));
const queueOf = (name: string) => `bull:${name}-prediction`;
const running = (count: number) => until(() => simulator.stats().active === count, 8000);

describe("with every variable of the queue set", () => {
  let split: Split;
  let flow: string;
  beforeAll(async () => {
    const own = authority.issue("DNS:client");
    split = await openSplit({
      env: {
        // Empty counts as unset: the parts below are what is left.
        REDIS_URL: "",
        REDIS_HOST: "localhost",
        REDIS_PORT: `${ports.tls}`,
        REDIS_USERNAME: "ada",
        REDIS_PASSWORD: "secret",
        REDIS_TLS: "true",
        REDIS_CA: base64(authority.certificate),
        REDIS_CERT: base64(readFileSync(own.cert, "utf8")),
        REDIS_KEY: base64(readFileSync(own.key, "utf8")),
        REDIS_KEEP_ALIVE: "2500",
        QUEUE_NAME: "named",
        QUEUE_REDIS_EVENT_STREAM_MAX_LEN: "50",
        WORKER_CONCURRENCY: "2",
        REMOVE_ON_AGE: "3600",
        REMOVE_ON_COUNT: "3",
        ENABLE_BULLMQ_DASHBOARD: "true",
        PORT: `${ports.api}`,
        WORKER_PORT: `${ports.worker}`,
      },
    });
    flow = await flowOf(split);
  });
  afterAll(() => split?.close());

  test("REDIS_HOST, _PORT, _USERNAME, _PASSWORD, _TLS, _CA, _CERT and _KEY lead all connections to that server as that user", async () => {
    const clients = String(await admin.call("CLIENT", "LIST")).split("\n");
    const asAda = clients.filter((line) => line.includes("user=ada"));
    // Four of an API or a worker at least, and all of them by TLS: the other port knows them not.
    expect(asAda.length).toBeGreaterThanOrEqual(8);
    expect(asAda.every((line) => line.includes(`laddr=127.0.0.1:${ports.tls}`))).toBe(true);
  });

  test("QUEUE_NAME, REMOVE_ON_AGE, REMOVE_ON_COUNT and QUEUE_REDIS_EVENT_STREAM_MAX_LEN are those of the queue in Redis", async () => {
    for (let i = 0; i < 8; i++) expect((await ask(split.url, flow, quick)).status).toBe(200);
    const queue = queueOf("named");
    await until(async () => Number(await admin.llen(`${queue}:active`)) === 0, 3000);
    expect(Number(await admin.zcard(`${queue}:completed`))).toBeLessThanOrEqual(3);
    const [kept] = await admin.zrange(`${queue}:completed`, "0", "0");
    const options = JSON.parse((await admin.hget(`${queue}:${kept}`, "opts")) ?? "{}");
    expect(options.removeOnComplete).toEqual({ age: 3600, count: 3 });
    expect(await admin.hget(`${queue}:meta`, "opts.maxLenEvents")).toBe("50");
    const names = await admin.keys("*");
    expect(names.filter((name) => !/^(bull:named-|\{sluice:named\}:)/.test(name))).toEqual([]);
  });

  test("WORKER_CONCURRENCY is the ceiling of what runs at once", async () => {
    const long = { question: "rid=l [[n=2000 gap=20]]" };
    const ids = [1, 2, 3, 4].map(() => accept(split, flow, long));
    const all = await Promise.all(ids);
    await running(2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(simulator.stats().active).toBe(2);
    await Promise.all(all.map((id) => cancel(split, id)));
    expect(await ended(split, all, 5000)).toEqual(all.map(() => "canceled"));
    await running(0);
  });

  test("PORT, WORKER_PORT and ENABLE_BULLMQ_DASHBOARD are where things are found", async () => {
    expect(split.url).toContain(`:${ports.api}`);
    expect((await fetch(`http://127.0.0.1:${ports.worker}/readyz`)).status).toBe(200);
    const headers = { authorization: `Bearer ${split.key}` };
    expect((await fetch(`${split.url}/admin/queues`, { headers })).status).toBe(200);
  });
});

test("REDIS_URL goes before the parts; unset, the queue has Flowise's name and bounds, and no dashboard", async () => {
  const url = `redis://ada:secret@127.0.0.1:${redis.port}`;
  const parts = { REDIS_HOST: "nowhere.invalid", REDIS_PORT: "1", REDIS_PASSWORD: "wrong" };
  const split = await openSplit({ env: { REDIS_URL: url, QUEUE_NAME: "", ...parts } });
  try {
    expect((await ask(split.url, await flowOf(split), quick)).status).toBe(200);
    const queue = queueOf("flowise-queue");
    await until(async () => Number(await admin.zcard(`${queue}:completed`)) === 1, 3000);
    const [kept] = await admin.zrange(`${queue}:completed`, "0", "0");
    const options = JSON.parse((await admin.hget(`${queue}:${kept}`, "opts")) ?? "{}");
    expect(options.removeOnComplete).toEqual({ age: 86_400, count: 10_000 });
    expect(await admin.hget(`${queue}:meta`, "opts.maxLenEvents")).toBe("100000");
    const headers = { authorization: `Bearer ${split.key}` };
    expect((await fetch(`${split.url}/admin/queues`, { headers })).status).toBe(404);
  } finally {
    await split.close();
  }
}, 30_000);

test("MODE is main unless it is said, and needs no Redis", async () => {
  const env = { MODE: "", REDIS_URL: "", REDIS_HOST: "nowhere.invalid" };
  const split = await openSplit({ workers: 0, env });
  try {
    await until(() => split.output().includes('"mode":"main"'), 5000);
    expect((await ask(split.url, await flowOf(split), quick)).status).toBe(200);
  } finally {
    await split.close();
  }
}, 30_000);

describe("a value that does not parse stops the process with one line", () => {
  const pem = "base64 of a PEM file";
  test.each([
    ["api", "MODE", "both", '"both"', "main or queue"],
    ["worker", "QUEUE_REDIS_EVENT_STREAM_MAX_LEN", "0", '"0"', "a whole number, 1 or more"],
    ["worker", "WORKER_CONCURRENCY", "many", '"many"', "a whole number, 1 or more"],
    ["api", "REMOVE_ON_AGE", "1d", '"1d"', "a whole number"],
    ["worker", "REMOVE_ON_COUNT", "1.5", '"1.5"', "a whole number"],
    ["api", "REDIS_URL", "http://x", "(hidden)", "redis://host:port or"],
    ["worker", "REDIS_PORT", "70000", '"70000"', "a port, 0 to 65535"],
    ["api", "REDIS_TLS", "yes", '"yes"', "true or false"],
    ["worker", "REDIS_CA", "no PEM", "(hidden)", pem],
    ["api", "REDIS_CERT", "bm8=", "(hidden)", pem],
    ["worker", "REDIS_KEY", "%", "(hidden)", pem],
    ["api", "REDIS_KEEP_ALIVE", "long", '"long"', "a whole number"],
    ["api", "ENABLE_BULLMQ_DASHBOARD", "1", '"1"', "true or false"],
    ["worker", "WORKER_PORT", "x", '"x"', "a port, 0 to 65535"],
    ["api", "PORT", "-1", '"-1"', "a port, 0 to 65535"],
  ] as const)("%s: %s=%s", async (kind, name, value, shown, expected) => {
    const env = { MODE: "queue", DATABASE_URL: inject("postgresUrl"), [name]: value };
    const one = spawnProcess(kind, env);
    expect(await one.exit).toBe(1);
    const [line, ...more] = one.output().trim().split("\n");
    expect(line).toContain(`sluice ${kind}: ${name}=${shown}: expected ${expected}`);
    expect(more).toEqual([]);
  });
});
