import { expect, test } from "vitest";
import { retryAfterMs, retryDelayMs } from "./retry-delay.ts";

test("ten attempts are spread over hours, each wait longer than the one before", () => {
  const delays = Array.from({ length: 9 }, (_, i) => retryDelayMs(i + 1, 0, () => 0.5) ?? 0);
  expect(delays[0]).toBe(5000);
  expect(delays.at(-1)).toBe(6 * 3_600_000);
  expect(delays).toEqual([...delays].sort((a, b) => a - b));
  expect(retryDelayMs(10)).toBeUndefined();
});

test("waits differ by a fifth at most and honour what the receiver asks", () => {
  expect(retryDelayMs(1, 0, () => 0)).toBe(4000);
  expect(retryDelayMs(1, 0, () => 1)).toBe(6000);
  expect(retryDelayMs(1, 30_000)).toBe(30_000);
  expect(retryDelayMs(1, 100 * 3_600_000)).toBe(6 * 3_600_000);
});

test("Retry-After is read as seconds or as a date", () => {
  expect(retryAfterMs("7")).toBe(7000);
  expect(retryAfterMs(new Date(9000).toUTCString(), 4000)).toBe(5000);
  expect(retryAfterMs("soon")).toBe(0);
  expect(retryAfterMs(undefined)).toBe(0);
});
