import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { nextCapacity, openCapacity } from "./capacity.ts";

const calm = { delayMs: 1, rssBytes: 1, running: 0, most: 1000, maxHeapBytes: 100 };

test.each([
  ["an idle worker stays as it is", 200, {}, 200],
  ["a full one that keeps up takes more", 200, { running: 200 }, 250],
  ["a full one that is late does not", 200, { running: 200, delayMs: 60 }, 200],
  ["a late one takes less", 200, { delayMs: 150 }, 160],
  ["one short of memory takes less", 200, { rssBytes: 101 }, 160],
  ["less has a floor", 11, { delayMs: 500 }, 10],
  ["more has a ceiling", 900, { running: 900 }, 1000],
  ["a ceiling below the floor holds", 2, { delayMs: 500, most: 2 }, 2],
] as const)("%s", (_, capacity, load, expected) => {
  expect(nextCapacity(capacity, { ...calm, ...load })).toBe(expected);
});

test("a worker never takes more at once than its ceiling", async () => {
  const applied: number[] = [];
  const capacity = openCapacity({
    initial: 200,
    ceiling: 3,
    running: () => 3,
    apply: (value) => void applied.push(value),
    intervalMs: 5,
  });
  await delay(50);
  capacity.close();
  expect(applied).toEqual([3]);
  expect(capacity.current()).toBe(3);
});
