import { expect, test } from "vitest";
import { openReturnTimes } from "./return-times.ts";

const open = (random = 0.5) => {
  let now = 1_000_000;
  const times = openReturnTimes(
    () => now,
    () => random,
  );
  return { times, pass: (ms: number) => (now += ms) };
};

test("those who are sent away come back one after the other, as places become free", () => {
  const { times } = open();
  const seconds = Array.from({ length: 900 }, () => times.next(500, 0.1));
  expect(seconds.slice(0, 3)).toEqual([1, 1, 1]);
  expect(seconds.at(-1)).toBe(10);
  const perSecond = Map.groupBy(seconds.slice(100, 800), (second) => second);
  for (const each of [...perSecond.values()].slice(1, -1)) expect(each.length).toBeLessThan(100);
});

test("times that have passed are not waited for again", () => {
  const { times, pass } = open();
  for (let i = 0; i < 900; i++) times.next(0, 0.1);
  pass(60_000);
  expect(times.next(2000, 0.1)).toBe(2);
});

test("nobody is sent away for less than a second or more than two minutes", () => {
  const { times } = open(0);
  expect(times.next(0, 0)).toBe(1);
  expect(times.next(3600_000, 0.001)).toBe(120);
});

test("without a pace they are spread by chance", () => {
  const near = open(0).times.next(10_000, 0);
  const far = open(0.99).times.next(10_000, 0);
  expect([near, far]).toEqual([10, 20]);
});
