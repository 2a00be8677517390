import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./client.ts";
import { accept, ended, misplaced, read, textByNode } from "./faults/native.ts";
import { connectRedis } from "./faults/redis-client.ts";
import { openTwoSteps, secondNode, secondText, type TwoSteps } from "./faults/two-step-flow.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { openSplit, type Split } from "./split.ts";

let steps: TwoSteps;
let redis: RedisServer;
beforeAll(async () => {
  [steps, redis] = await Promise.all([openTwoSteps(), startRedis()]);
});
afterAll(() => Promise.all([steps?.close(), redis?.stop()]));

const tokens = 40;
const some = [0, 1, 2];

async function accepted(split: Split, gapMs: number) {
  const flow = await steps.store(split, tokens, gapMs);
  const before = [steps.one.stats().requests, steps.two.stats().requests];
  const ids = await Promise.all(some.map(() => accept(split, flow)));
  const readers = await Promise.all(ids.map((id) => read(split, id)));
  await until(() => steps.two.stats().requests === before[1]! + some.length, 10_000);
  await until(() => readers.every(({ entries }) => entries.length > 8), 5000);
  const calls = () => [
    steps.one.stats().requests - before[0]!,
    steps.two.stats().requests - before[1]!,
  ];
  return { ids, readers, calls };
}

async function expectClean(access: { url: string; key: string }, id: string) {
  const replayed = await read(access, id);
  await replayed.closed;
  expect(misplaced(replayed.entries)).toEqual([]);
  expect(textByNode(replayed.entries)).toEqual({ [secondNode]: secondText(tokens) });
  expect(replayed.complete()).toBe(true);
  return replayed.entries;
}

test("killed in its second node and started again, main mode goes on after the first and replays the streams", async () => {
  const split = await openSplit({ mode: "main" });
  try {
    const { ids, readers, calls } = await accepted(split, 50);
    split.apis[0]?.signal("SIGKILL");
    await Promise.all(readers.map(({ closed }) => closed));
    const again = { url: (await split.addApi()).url, key: split.key };
    await Promise.all(readers.map((reader) => reader.rejoin(again.url)));
    for (const { entries, complete } of readers) {
      expect(misplaced(entries)).toEqual([]);
      expect(textByNode(entries)).toEqual({ [secondNode]: secondText(tokens) });
      expect(entries.filter(({ type }) => type === "flow.started")).toHaveLength(1);
      expect(complete()).toBe(true);
    }
    expect(await ended(again, ids, 5000)).toEqual(some.map(() => "succeeded"));
    // The first node's model was not asked again, the second's was.
    expect(calls()).toEqual([some.length, 2 * some.length]);
    for (const id of ids) {
      const entries = await expectClean(again, id);
      const finished = entries.filter(({ type }) => type === "node.finished");
      expect(finished.map(({ data }) => data.nodeId)).toEqual([
        "startAgentflow_0",
        "llmAgentflow_0",
        secondNode,
      ]);
    }
  } finally {
    await split.close();
  }
}, 60_000);

test("what an emptied Redis has lost of a stream is put back by the worker, for readers of any replica", async () => {
  const split = await openSplit({ apis: 2, env: { REDIS_URL: redis.url } });
  const admin = connectRedis(redis.url);
  try {
    const { ids, readers, calls } = await accepted(split, 100);
    await admin.flushall();
    const early = readers.map(({ entries }) => entries.length);
    await until(() => readers.every(({ entries }, i) => entries.length > early[i]! + 2), 5000);
    const there = { url: split.apis[1]!.url, key: split.key };
    const late = await Promise.all(ids.map((id) => read(there, id)));
    await Promise.all([...readers, ...late].map(({ closed }) => closed));
    for (const { entries, complete } of [...readers, ...late]) {
      expect(misplaced(entries)).toEqual([]);
      expect(textByNode(entries)).toEqual({ [secondNode]: secondText(tokens) });
      expect(entries.filter(({ type }) => type === "flow.started")).toHaveLength(1);
      expect(complete()).toBe(true);
    }
    expect(calls()).toEqual([some.length, some.length]);
    for (const id of ids) await expectClean(there, id);
  } finally {
    admin.disconnect();
    await split.close();
  }
}, 60_000);
