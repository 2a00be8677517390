import { expect, test } from "vitest";
import { defaultPolicy } from "./policy.ts";
import { simulateDay, workingDay } from "./simulated-day.ts";

const options = { trace: workingDay(20, 30), perWorker: 200, startSeconds: 60, everySeconds: 5 };

test("a fleet that is always large enough makes nobody wait", () => {
  const day = simulateDay({ fixed: 10 }, options);
  expect(day.waits.max).toBe(0);
  expect(day.workerHours).toBe(240);
});

test("over a day the default policy makes one in a hundred wait, no longer than a worker's start, for half of the cost", () => {
  const fixed = simulateDay({ fixed: 5 }, options);
  const day = simulateDay({ ...defaultPolicy, min: 1, max: 10 }, options);
  expect(day.waits.p95).toBe(0);
  expect(day.waits.p99).toBeLessThan(20);
  expect(day.waits.max).toBeLessThanOrEqual(65);
  expect(day.workerHours).toBeLessThan(fixed.workerHours / 2);
  expect(day.changes).toBeLessThan(80);
});

test("from zero, the first prediction waits for one start", () => {
  const arrivals = Array(1200).fill(0);
  arrivals[600] = 5;
  const policy = { ...defaultPolicy, min: 0, max: 3 };
  const day = simulateDay(policy, { ...options, trace: { arrivals, runSeconds: 30 } });
  expect(day.waits.max).toBeGreaterThanOrEqual(60);
  expect(day.waits.max).toBeLessThanOrEqual(65);
});
