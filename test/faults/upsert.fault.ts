import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { call, until } from "../client.ts";
import { type Index, openIndex, pages, storeIndexed } from "../indexed-flow.ts";
import type { TestProcess } from "../process.ts";
import { openSplit, type Split } from "../split.ts";

let split: Split;
let index: Index;
let flow: string;
beforeAll(async () => {
  [split, index] = await Promise.all([openSplit({ workers: 0 }), openIndex()]);
  flow = await storeIndexed(split, index, pages(1000));
});
let workers: TestProcess[] = [];
beforeEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  workers = [];
  index.points.clear();
  index.state.embedMs = 700;
});
afterAll(async () => {
  index.close();
  await split.close();
});

const upsert = () =>
  call(split.url, "POST", `/vector/upsert/${flow}`, {
    body: {},
    key: split.key,
    timeoutMs: 150_000,
  });
const texts = () => [...index.points.values()].map(({ text }) => text).sort();

/** Begins an upsert on one worker and has another stand by once half of it is written. */
async function halfWritten(env: Record<string, string> = {}) {
  const first = await split.addWorker(env);
  workers.push(first);
  const asked = upsert();
  await until(() => index.points.size >= 400, 20_000);
  workers.push(await split.addWorker());
  return { first, asked };
}

test("an upsert in the hands of a worker told to stop is done whole by another, nothing twice", async () => {
  const { first, asked } = await halfWritten({ WORKER_STOP_TIMEOUT_SECONDS: "1" });
  first.signal("SIGTERM");
  expect(await first.exit).toBe(0);
  const { status, json } = await asked;
  expect(status, JSON.stringify(json)).toBe(200);
  expect(json.numAdded).toBe(1000);
  expect(texts()).toEqual(pages(1000).split("\n\n").sort());
});

test("an upsert whose worker is killed is done whole by another within a minute or so", async () => {
  const { first, asked } = await halfWritten();
  first.signal("SIGKILL");
  const { status, json } = await asked;
  expect(status, JSON.stringify(json)).toBe(200);
  expect(json.numAdded).toBe(1000);
  expect(texts()).toEqual(pages(1000).split("\n\n").sort());
}, 180_000);
