import { expect, test } from "vitest";
import { openPatience } from "./reader-patience.ts";

const megabytes = (count: number) => count * 1024 * 1024;

function open() {
  let now = 1000;
  const isTooSlow = openPatience(() => now);
  return {
    /** The next write, after some time. */
    write(afterMs: number, before: number, after: number) {
      now += afterMs;
      return isTooSlow(megabytes(before), megabytes(after));
    },
  };
}

test("a little may wait for ever", () => {
  const { write } = open();
  for (let i = 0; i < 100; i++) expect(write(60_000, 3, 4)).toBe(false);
});

test("much may wait for a moment, and again once it has gone", () => {
  const { write } = open();
  expect(write(0, 0, 20)).toBe(false);
  expect(write(14_000, 10, 11)).toBe(false);
  expect(write(10_000, 0, 20)).toBe(false);
  expect(write(14_000, 20, 20)).toBe(false);
  expect(write(2000, 20, 20)).toBe(true);
});

test("one write is never too much, many are", () => {
  const { write } = open();
  expect(write(0, 0, 200)).toBe(false);
  expect(write(1, 200, 263)).toBe(false);
  expect(write(1, 263, 265)).toBe(true);
});
