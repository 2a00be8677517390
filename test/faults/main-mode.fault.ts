import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../client.ts";
import { openSplit, type Split } from "../split.ts";
import { accept, ended, misplaced, read, textByNode } from "./native.ts";
import { openTwoSteps, secondNode, secondText, type TwoSteps } from "./two-step-flow.ts";

let split: Split;
let steps: TwoSteps;
beforeAll(async () => {
  [split, steps] = await Promise.all([openSplit({ mode: "main" }), openTwoSteps()]);
});
afterAll(() => Promise.all([split.close(), steps.close()]));

const times = Array.from({ length: 50 }, (_, i) => i);
const tokens = 60;

test("killed and started again, one process completes all it has accepted and replays their streams", async () => {
  const flow = await steps.store(split, tokens, 50);
  const ids = await Promise.all(times.map(() => accept(split, flow)));
  const readers = await Promise.all(ids.map((id) => read(split, id)));
  await until(() => steps.two.stats().active === times.length, 10_000);
  await until(() => readers.every(({ entries }) => entries.length > 10), 5000);
  split.apis[0]!.signal("SIGKILL");
  await Promise.all(readers.map((reader) => reader.closed));
  const again = { url: (await split.addApi()).url, key: split.key };

  // Readers come back with their last id while nothing has begun again.
  await Promise.all(readers.map((reader) => reader.rejoin(again.url)));
  for (const reader of readers) {
    expect(misplaced(reader.entries)).toEqual([]);
    expect(textByNode(reader.entries)).toEqual({ [secondNode]: secondText(tokens) });
    expect(reader.complete()).toBe(true);
  }
  expect(await ended(again, ids, 20_000)).toEqual(times.map(() => "succeeded"));
  for (const id of ids) {
    const replayed = await read(again, id);
    await replayed.closed;
    expect(misplaced(replayed.entries)).toEqual([]);
    expect(textByNode(replayed.entries)).toEqual({ [secondNode]: secondText(tokens) });
    expect(replayed.complete()).toBe(true);
  }
});
