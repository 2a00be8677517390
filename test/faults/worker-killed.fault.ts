import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, stream, until } from "../client.ts";
import { openSplit, type Split } from "../split.ts";
import { accept, ended, misplaced, type Reader, read, textByNode } from "./native.ts";
import {
  bubbles,
  isClean,
  openTwoSteps,
  secondNode,
  secondText,
  type TwoSteps,
} from "./two-step-flow.ts";

let split: Split;
let steps: TwoSteps;
beforeAll(async () => {
  [split, steps] = await Promise.all([openSplit({ workers: 2 }), openTwoSteps()]);
});
afterAll(() => Promise.all([split.close(), steps.close()]));

const each = 17;
const tokens = 96;
const nodeMs = 200 + tokens * 50;

test("50 predictions survive the kill of one of two workers in the second of two nodes of 5 s", async () => {
  const flow = await steps.store(split, tokens, 50, 1200);
  const times = Array.from({ length: each }, (_, i) => i);
  const streams = await Promise.all(
    times.map(() => stream(split.url, flow, { question: "x" }, { timeoutMs: 40_000 })),
  );
  const asked = times.map(() => ask(split.url, flow, { question: "x" }, { timeoutMs: 40_000 }));
  const ids = await Promise.all(times.map(() => accept(split, flow)));
  const readers: Reader[] = await Promise.all(ids.map((id) => read(split, id)));
  await until(() => steps.two.stats().active === 3 * each, 20_000);
  const before = steps.two.stats().requests;
  expect(before).toBe(3 * each);

  split.workers[0]!.signal("SIGKILL");
  const killedAt = Date.now();
  const events = await Promise.all(streams.map((one) => one.ended));
  const answers = await Promise.all(asked);
  await Promise.all(readers.map((reader) => reader.closed));
  const tookMs = Date.now() - killedAt;

  expect(answers.map(({ json }) => json?.text)).toEqual(times.map(() => secondText(tokens)));
  for (const one of events) {
    const shown = bubbles(one);
    expect(shown.every(isClean), shown.join("|")).toBe(true);
    expect(shown.at(-1)?.endsWith(secondText(tokens))).toBe(true);
    expect(one.slice(-2).map(({ event }) => event)).toEqual(["metadata", "end"]);
  }
  for (const reader of readers) {
    expect(misplaced(reader.entries)).toEqual([]);
    expect(textByNode(reader.entries)).toEqual({ [secondNode]: secondText(tokens) });
    expect(reader.complete()).toBe(true);
  }
  expect(await ended(split, ids, 5000)).toEqual(ids.map(() => "succeeded"));
  // Node one ran once for each; node two again only for those of the dead worker.
  expect(steps.one.stats().requests).toBe(3 * each);
  const again = steps.two.stats().requests - before;
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThan(3 * each);
  expect(events.filter((one) => bubbles(one).length > 1).length).toBeGreaterThan(0);
  // Five seconds to notice, the node again, and two seconds for busy cores.
  expect(tookMs).toBeLessThan(5000 + nodeMs + 2000);
});
