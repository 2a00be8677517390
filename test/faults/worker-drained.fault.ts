import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator } from "../../packages/simulator/src/simulator.ts";
import { ask, stream, textOf, until } from "../client.ts";
import type { TestProcess } from "../process.ts";
import { openSplit, type Split } from "../split.ts";
import { answerOf, chatBubbles, chatflowKinds, questionOf, storeChatflow } from "./chatflows.ts";
import { accept, misplaced, read, textByNode } from "./native.ts";
import {
  bubbles,
  expectSecond,
  isClean,
  openTwoSteps,
  secondText,
  type TwoSteps,
} from "./two-step-flow.ts";

let split: Split;
let steps: TwoSteps;
beforeAll(async () => {
  [split, steps] = await Promise.all([openSplit({ workers: 0 }), openTwoSteps()]);
});
afterAll(() => Promise.all([split.close(), steps.close()]));

const others: TestProcess[] = [];
const times = Array.from({ length: 17 }, (_, i) => i);
const tokens = 180;

test("a worker told to stop hands 50 predictions of 45 s to another within its ten seconds", async () => {
  const first = await split.addWorker({ WORKER_STOP_TIMEOUT_SECONDS: "10" });
  const flow = await steps.store(split, tokens, 250);
  const patience = { timeoutMs: 90_000 };
  const streams = await Promise.all(
    times.map(() => stream(split.url, flow, { question: "x" }, patience)),
  );
  const asked = times.map(() => ask(split.url, flow, { question: "x" }, patience));
  const ids = await Promise.all(times.map(() => accept(split, flow)));
  const readers = await Promise.all(ids.map((id) => read(split, id)));
  await until(() => steps.two.stats().active === 3 * times.length, 15_000);
  others.push(await split.addWorker());

  first.signal("SIGTERM");
  const toldAt = Date.now();
  expect(await first.exit).toBe(0);
  expect(Date.now() - toldAt).toBeLessThan(10_000 + 3000);

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
    await expectSecond(reader, tokens);
  }
  expect(steps.one.stats().requests).toBe(3 * times.length);
  expect(steps.two.stats().requests).toBe(6 * times.length);
  await Promise.all(others.splice(0).map((worker) => worker.stop()));
}, 120_000);

test.each(chatflowKinds)(
  "a worker told to stop hands a %s to another, which begins it anew",
  async (kind) => {
    const model = await openSimulator();
    const first = await split.addWorker({ WORKER_STOP_TIMEOUT_SECONDS: "1" });
    try {
      const flow = await storeChatflow(split, kind, model.url);
      const body = { question: questionOf(kind, 100, 40) };
      const patience = { timeoutMs: 40_000 };
      const streams = await Promise.all(times.map(() => stream(split.url, flow, body, patience)));
      const asked = times.map(() => ask(split.url, flow, body, patience));
      const ids = await Promise.all(times.map(() => accept(split, flow, body)));
      const readers = await Promise.all(ids.map((id) => read(split, id)));
      await until(() => readers.every(({ entries }) => entries.length > 5), 10_000);
      await until(() => model.stats().active === 3 * times.length, 10_000);
      others.push(await split.addWorker());
      first.signal("SIGTERM");
      expect(await first.exit).toBe(0);

      const whole = answerOf(100);
      const answers = await Promise.all(asked);
      expect(answers.map(({ json }) => json?.text)).toEqual(times.map(() => whole));
      for (const reader of readers) {
        await reader.closed;
        expect(misplaced(reader.entries)).toEqual([]);
        expect(Object.values(textByNode(reader.entries))).toEqual([whole]);
        expect(reader.complete()).toBe(true);
      }
      for (const one of streams) {
        const shown = chatBubbles(await one.ended);
        expect(shown.every(isClean), shown.join("|")).toBe(true);
        expect(shown.at(-1)).toBe(whole);
        expect(one.events.at(-1)?.event).toBe("end");
      }
    } finally {
      await Promise.all([model.close(), ...others.splice(0).map((worker) => worker.stop())]);
    }
  },
);
