import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, stream, textOf, until } from "../client.ts";
import { openSplit, type Split } from "../split.ts";
import { accept, misplaced, read, textByNode } from "./native.ts";
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
  [split, steps] = await Promise.all([openSplit({ workers: 0 }), openTwoSteps()]);
});
afterAll(() => Promise.all([split.close(), steps.close()]));

const times = Array.from({ length: 10 }, (_, i) => i);
const tokens = 120;

test("a worker told to stop hands 30 long predictions to another within its time", async () => {
  const first = await split.addWorker({ WORKER_STOP_TIMEOUT_SECONDS: "2" });
  const flow = await steps.store(split, tokens, 50);
  const patience = { timeoutMs: 40_000 };
  const streams = await Promise.all(
    times.map(() => stream(split.url, flow, { question: "x" }, patience)),
  );
  const asked = times.map(() => ask(split.url, flow, { question: "x" }, patience));
  const ids = await Promise.all(times.map(() => accept(split, flow)));
  const readers = await Promise.all(ids.map((id) => read(split, id)));
  await until(() => steps.two.stats().active === 3 * times.length, 10_000);
  await split.addWorker();

  first.signal("SIGTERM");
  const toldAt = Date.now();
  expect(await first.exit).toBe(0);
  expect(Date.now() - toldAt).toBeLessThan(5000);

  for (const one of streams) {
    const events = await one.ended;
    const shown = bubbles(events);
    expect(shown.every(isClean), textOf(events)).toBe(true);
    expect(shown.at(-1)).toBe(secondText(tokens));
    expect(events.at(-1)?.event).toBe("end");
  }
  const answers = await Promise.all(asked);
  expect(answers.map(({ json }) => json?.text)).toEqual(times.map(() => secondText(tokens)));
  for (const reader of readers) {
    await reader.closed;
    expect(misplaced(reader.entries)).toEqual([]);
    expect(textByNode(reader.entries)).toEqual({ [secondNode]: secondText(tokens) });
    expect(reader.complete()).toBe(true);
  }
  expect(steps.one.stats().requests).toBe(3 * times.length);
  expect(steps.two.stats().requests).toBe(6 * times.length);
});
