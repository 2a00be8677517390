import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { stream, textOf } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

let split: Split;
let simulator: Simulator;
beforeAll(async () => {
  [split, simulator] = await Promise.all([
    openSplit({ apis: 2, workers: 2 }),
    openSimulator({ ttftMs: 30, gapMs: 10 }),
  ]);
});
afterAll(() => Promise.all([split?.close(), simulator?.close()]));

test("of 200 streams at once none loses, doubles, reorders or takes over a token", async () => {
  const flow = await store(split, chain(start(), llm({ url: simulator.url })));
  const tokens = 60;
  const names = Array.from({ length: 200 }, (_, i) => `s${i}`);
  const texts = await Promise.all(
    names.map(async (name, i) => {
      const { url } = split.apis[i % split.apis.length]!;
      const question = `rid=${name} [[n=${tokens}]]`;
      const streamed = await stream(url, flow, { question }, { timeoutMs: 40_000 });
      const events = await streamed.ended;
      expect(events.at(-1)?.event).toBe("end");
      return textOf(events);
    }),
  );
  const expected = names.map((name) =>
    Array.from({ length: tokens }, (_, i) => `${name}:${i} `).join(""),
  );
  expect(texts).toEqual(expected);
  expect(simulator.stats()).toMatchObject({ requests: 200, completed: 200, aborted: 0 });
}, 60_000);

test("the numbers of a stream's frames only grow", async () => {
  const flow = await store(split, chain(start(), llm({ url: simulator.url })));
  const events = await (await stream(split.url, flow, { question: "rid=n [[n=40]]" })).ended;
  const ids = events.map(({ id }) => (id ?? "").split("-").map(Number));
  for (const [i, [fence = 0, sequence = 0]] of ids.entries()) {
    const [lastFence = 0, lastSequence = 0] = ids[i - 1] ?? [];
    expect(fence * 1e6 + sequence).toBeGreaterThanOrEqual(lastFence * 1e6 + lastSequence);
    expect(fence).toBe(1);
  }
});
