import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { redisKeys } from "../../packages/core/src/prediction/redis-keys.ts";
import { stream, textOf, until } from "../client.ts";
import type { TestProcess } from "../process.ts";
import { openSplit, type Split } from "../split.ts";
import { accept, misplaced, type Reader, read, textByNode } from "./native.ts";
import { connectRedis } from "./redis-client.ts";
import { openTwoSteps, secondNode, secondText, type TwoSteps } from "./two-step-flow.ts";

let split: Split;
let steps: TwoSteps;
let doomed: TestProcess;
beforeAll(async () => {
  [split, steps] = await Promise.all([openSplit({ workers: 1 }), openTwoSteps()]);
});
afterEach(() => doomed.stop());
afterAll(() => Promise.all([split.close(), steps.close()]));

const times = Array.from({ length: 25 }, (_, i) => i);
const fifty = [...times, ...times];
const tokens = 60;
const there = () => ({ url: doomed.url, key: split.key });

async function readersOf(
  flow: string,
  which = times,
): Promise<{ ids: string[]; readers: Reader[] }> {
  const ids = await Promise.all(which.map(() => accept(there(), flow)));
  return { ids, readers: await Promise.all(ids.map((id) => read(there(), id))) };
}

function expectWhole(reader: Reader): void {
  expect(misplaced(reader.entries)).toEqual([]);
  expect(textByNode(reader.entries)).toEqual({ [secondNode]: secondText(tokens) });
  expect(reader.complete()).toBe(true);
}

test("readers of a killed API go on at another one, nothing lost and nothing twice", async () => {
  doomed = await split.addApi();
  const flow = await steps.store(split, tokens, 50);
  const { ids, readers } = await readersOf(flow, fifty);
  await until(() => steps.two.stats().active === fifty.length, 15_000);
  await until(() => readers.every((reader) => reader.entries.length > 8), 10_000);
  doomed.signal("SIGKILL");
  await Promise.all(readers.map((reader) => reader.closed));
  expect(readers.filter((reader) => reader.complete())).toEqual([]);
  // The first half comes back at once, the others when all is over.
  const [soon, late] = [readers.slice(0, 25), readers.slice(25)];
  await Promise.all(soon.map((reader) => reader.rejoin(split.url)));
  await until(() => steps.two.stats().active === 0, 15_000);
  await Promise.all(late.map((reader) => reader.rejoin(split.url)));
  for (const reader of readers) expectWhole(reader);
  // Who reads from the start gets the same events.
  for (const [i, id] of ids.entries()) {
    const again = await read(split, id);
    await again.closed;
    expectWhole(again);
    const types = (reader: Reader) =>
      reader.entries.map(({ type }) => type).filter((type) => type !== "text.delta");
    expect(types(again)).toEqual(types(readers[i]!));
  }
  expect(steps.one.stats().requests).toBe(fifty.length);
  expect(steps.two.stats().requests).toBe(fifty.length);
});

test("a reader that comes back in the middle of a text finds its place in the record, too", async () => {
  doomed = await split.addApi();
  const flow = await steps.store(split, tokens, 20);
  const { ids, readers } = await readersOf(flow);
  await until(() => readers.every((reader) => reader.entries.length > 12), 15_000);
  doomed.signal("SIGKILL");
  await Promise.all(readers.map((reader) => reader.closed));
  await until(() => steps.two.stats().active === 0, 10_000);
  await until(async () => {
    const { rows } = await split.database.pool.query(
      "select 1 from prediction where id = any($1) and state = 'succeeded'",
      [ids],
    );
    return rows.length === ids.length;
  }, 15_000);
  const redis = connectRedis(inject("redisUrl"));
  await Promise.all(ids.map((id) => redis.del(redisKeys(split.queueName).log(id))));
  redis.disconnect();
  await Promise.all(readers.map((reader) => reader.rejoin(split.url)));
  for (const reader of readers) expectWhole(reader);
});

test("an API that is told to stop with 50 streams ends Flowise's and sends our own elsewhere", async () => {
  doomed = await split.addApi();
  const flow = await steps.store(split, tokens, 50);
  const streams = await Promise.all(
    times.map(() => stream(doomed.url, flow, { question: "x" }, { timeoutMs: 20_000 })),
  );
  const { readers } = await readersOf(flow);
  await until(() => steps.two.stats().active === 2 * times.length, 15_000);
  doomed.signal("SIGTERM");
  await Promise.all(readers.map((reader) => reader.closed));
  for (const reader of readers)
    expect([reader.toldToRejoin(), reader.complete()]).toEqual([true, false]);
  await Promise.all(readers.map((reader) => reader.rejoin(split.url)));
  for (const reader of readers) expectWhole(reader);
  for (const one of streams) {
    const events = await one.ended;
    expect(textOf(events)).toBe(secondText(tokens));
    expect(events.at(-1)?.event).toBe("end");
  }
  expect(await doomed.exit).toBe(0);
});
