import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openSimulator, type Simulator } from "@sluice/simulator/simulator";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { ask } from "../../../test/client.ts";
import { chain, llm, start } from "../../../test/flows.ts";
import { openSplit, type Split, store } from "../../../test/split.ts";
import { openEcsEmulator } from "./ecs-emulator.ts";
import type { Revision } from "./emulated-task.ts";

type Emulator = Awaited<ReturnType<typeof openEcsEmulator>>;
const entry = fileURLToPath(new URL("../../worker/src/main.ts", import.meta.url));
const aws = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "eu-central-1",
};

let ecs: Emulator;
let split: Split;
let simulator: Simulator;
const revision: Revision = { entry, env: {} };

/** API with the autoscaler in it, ECS with workers, and a model of this speed. */
async function open(desired: number, pace: { tokens: number; gapMs: number }, scales: boolean) {
  simulator = await openSimulator({ ttftMs: 50, ...pace });
  ecs = await openEcsEmulator({ revision, desired: 0, startDelayMs: 500, stopTimeoutMs: 20_000 });
  split = await openSplit({
    apis: 1,
    workers: 0,
    env: {
      ...aws,
      ...(scales && { AUTOSCALER_CLUSTER: "fleet", AUTOSCALER_SERVICE: "workers" }),
      AUTOSCALER_ENDPOINT: ecs.url,
      AUTOSCALER_EVERY_SECONDS: "1",
      AUTOSCALER_MIN: String(desired),
      AUTOSCALER_MAX: "3",
      AUTOSCALER_CALM_SECONDS: "2",
      AUTOSCALER_IDLE_SECONDS: "4",
      WORKER_CAPACITY: "200",
    },
  });
  revision.env = {
    MODE: "queue",
    WORKER_PORT: "0",
    HOST: "127.0.0.1",
    DATABASE_URL: split.database.url,
    DATABASE_POOL_SIZE: "4",
    REDIS_URL: inject("redisUrl"),
    QUEUE_NAME: split.queueName,
    HTTP_SECURITY_CHECK: "false",
    WORKER_CAPACITY: "200",
    WORKER_STOP_TIMEOUT_SECONDS: "15",
    LOG_LEVEL: "warn",
  };
  ecs.setDesired(desired);
  await eventually(() => ecs.live().filter((task) => task.healthy()).length, desired);
  return store(split, chain(start(), llm(simulator)));
}

const eventually = (read: () => unknown, value: unknown, timeoutMs = 40_000) =>
  expect.poll(read, { timeout: timeoutMs, interval: 100 }).toEqual(value);
const question = (flowId: string, number: number, knobs = "") =>
  ask(split.url, flowId, { question: `question ${number} ${knobs}` }, { timeoutMs: 110_000 });

beforeEach(() => {
  revision.env = {};
});
afterEach(async () => {
  await ecs?.close();
  await split?.close();
  await simulator?.close();
}, 60_000);

test("a burst of 500 predictions scales from none to three and back to none", async () => {
  const flowId = await open(0, { tokens: 20, gapMs: 50 }, true);
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, ecs.live().filter((task) => task.healthy()).length);
  }, 50);
  const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => question(flowId, i)));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(simulator.stats().requests).toBe(500);
  await eventually(() => [ecs.desired(), ecs.live().length], [0, 0]);
  clearInterval(watch);
  expect(most).toBe(3);
});

test("a worker with a prediction in hand survives scaling in, and leaves when it is done", async () => {
  const flowId = await open(3, { tokens: 40, gapMs: 250 }, false);
  const before = ecs.live().map((task) => task.id);
  const answer = question(flowId, 1);
  await eventually(() => ecs.live().filter((task) => task.protectedNow()).length, 1);
  const busy = ecs.live().find((task) => task.protectedNow())!.id;
  ecs.setDesired(0);
  await eventually(() => ecs.live().map((task) => task.id), [busy]);
  expect(before).toContain(busy);
  expect((await answer).status).toBe(200);
  expect(simulator.stats().requests).toBe(1);
  await eventually(() => ecs.live().length, 0);
});

test("a rolling deployment loses and doubles nothing, and busy workers make room by themselves", async () => {
  const flowId = await open(2, { tokens: 10, gapMs: 100 }, true);
  const old = ecs.live().map((task) => task.id);
  const begun = Date.now();
  const long = Array.from({ length: 8 }, (_, i) => question(flowId, i, "[[n=120 gap=500]]"));
  await eventually(() => simulator.stats().requests, 8);
  ecs.deploy({ entry, env: { ...revision.env } });
  await eventually(
    () => ecs.live().filter((task) => !old.includes(task.id) && task.healthy()).length,
    2,
  );
  expect(ecs.live().filter((task) => old.includes(task.id)).length).toBeGreaterThan(0);
  // What comes in the middle of it is served as well.
  const late = Array.from({ length: 4 }, (_, i) => question(flowId, 100 + i));
  const answers = await Promise.all([...long, ...late]);
  expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
  expect(simulator.stats().requests).toBe(12);
  expect(Date.now() - begun).toBeGreaterThan(55_000);
  await eventually(() => ecs.deploying(), false);
  expect(ecs.live().some((task) => old.includes(task.id))).toBe(false);
}, 170_000);

test("a revision that crashes is taken back, and the old workers go on serving", async () => {
  const flowId = await open(2, { tokens: 5, gapMs: 20 }, true);
  const old = ecs.live().map((task) => task.id);
  ecs.deploy({ entry, env: { ...revision.env, WORKER_CAPACITY: "many" } });
  await sleep(1000);
  expect((await question(flowId, 1)).status).toBe(200);
  await eventually(() => ecs.rolledBack(), true);
  expect((await question(flowId, 2)).status).toBe(200);
  expect(ecs.live().map((task) => task.id)).toEqual(old);
});
