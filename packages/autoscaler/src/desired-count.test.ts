import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Fleet,
  type Memory,
  neededCount,
  desiredCount as next,
  type Policy,
} from "./desired-count.ts";

const policies: fc.Arbitrary<Policy> = fc
  .record({
    min: fc.nat(5),
    span: fc.nat(60),
    fill: fc.double({ min: 0.1, max: 1, noNaN: true }),
    lateMs: fc.integer({ min: 1000, max: 60_000 }),
    calmMs: fc.integer({ min: 1000, max: 600_000 }),
    stepIn: fc.double({ min: 0, max: 1, noNaN: true }),
    idleMs: fc.integer({ min: 0, max: 1_200_000 }),
  })
  .map(({ min, span, ...rest }) => ({ ...rest, min, max: Math.max(1, min + span) }));

const moments = fc.record({
  passedMs: fc.integer({ min: 1, max: 120_000 }),
  waiting: fc.nat(5000),
  running: fc.nat(5000),
  oldestMs: fc.nat(120_000),
  perWorker: fc.integer({ min: 1, max: 2000 }),
  starting: fc.nat(3),
});
type Moment = Omit<Fleet, "atMs" | "ready" | "desired"> & { passedMs: number; starting: number };

interface Step {
  fleet: Fleet;
  desired: number;
}

/** Plays a row of readings; the service runs what was last asked for. */
function play(policy: Policy, row: Moment[], begin: number): Step[] {
  let atMs = 1_000_000;
  let desired = begin;
  let memory: Memory | undefined;
  return row.map(({ passedMs, starting, ...seen }) => {
    atMs += passedMs;
    const fleet = { ...seen, atMs, desired, ready: Math.max(0, desired - starting) };
    const decision = next(fleet, policy, memory);
    ({ desired, memory } = decision);
    return { fleet, desired };
  });
}

const runs = fc.record({
  policy: policies,
  row: fc.array(moments, { minLength: 1, maxLength: 60 }),
  begin: fc.nat(80),
});
const holds = (check: (policy: Policy, steps: Step[]) => void) =>
  fc.assert(
    fc.property(runs, ({ policy, row, begin }) => check(policy, play(policy, row, begin))),
    {
      numRuns: 2000,
    },
  );
const bounded = ({ min, max }: Policy, count: number) => Math.min(max, Math.max(min, count));

describe("whatever is read", () => {
  test("the count stays within its bounds", () => {
    holds((policy, steps) => {
      for (const { desired } of steps) expect(desired).toBe(bounded(policy, desired));
    });
  });
  test("what is needed is asked for at once", () => {
    holds((policy, steps) => {
      for (const { fleet, desired } of steps)
        expect(desired).toBeGreaterThanOrEqual(bounded(policy, neededCount(fleet, policy)));
    });
  });
  test("nobody is sent home while there is work for nobody else", () => {
    holds((_, steps) => {
      for (const { fleet, desired } of steps)
        if (fleet.waiting + fleet.running > 0) expect(desired).toBeGreaterThan(0);
    });
  });
  test("one step in takes no more than its share", () => {
    holds((policy, steps) => {
      for (const { fleet, desired } of steps) {
        const from = bounded(policy, fleet.desired);
        expect(from - desired).toBeLessThanOrEqual(Math.max(1, Math.floor(from * policy.stepIn)));
      }
    });
  });
  test("after a change the fleet does not shrink before it has been calm for long enough", () => {
    holds((policy, steps) => {
      let changedAt = -Infinity;
      for (const { fleet, desired } of steps) {
        const from = bounded(policy, fleet.desired);
        if (desired < from) expect(fleet.atMs - changedAt).toBeGreaterThanOrEqual(policy.calmMs);
        if (desired !== from) changedAt = fleet.atMs;
      }
    });
  });
  test("the fleet does not shrink below what was needed while it was calm", () => {
    holds((policy, steps) => {
      steps.forEach(({ fleet, desired }, index) => {
        if (desired >= bounded(policy, fleet.desired)) return;
        const last = steps
          .slice(0, index)
          .findLastIndex((step) => step.desired !== step.fleet.desired);
        const since = steps
          .slice(last + 1, index + 1)
          .filter((step) => fleet.atMs - step.fleet.atMs <= policy.calmMs);
        const peak = Math.max(...since.map((step) => neededCount(step.fleet, policy)));
        expect(desired).toBeGreaterThanOrEqual(bounded(policy, peak));
      });
    });
  });
});

test("under an even load the count comes to rest at what is needed", () => {
  const even = fc.record({
    policy: policies,
    waiting: fc.nat(500),
    running: fc.nat(5000),
    perWorker: fc.integer({ min: 1, max: 500 }),
    begin: fc.nat(80),
  });
  fc.assert(
    fc.property(even, ({ policy, begin, ...load }) => {
      const moment = { ...load, passedMs: policy.calmMs, oldestMs: 0, starting: 0 };
      const steps = play(
        policy,
        Array(200 + Math.ceil(policy.idleMs / policy.calmMs)).fill(moment),
        begin,
      );
      const needed = bounded(policy, neededCount(steps[0]!.fleet, policy));
      expect(steps.slice(-10).map((step) => step.desired)).toEqual(Array(10).fill(needed));
    }),
    { numRuns: 300 },
  );
});

const policy: Policy = {
  min: 0,
  max: 10,
  fill: 0.5,
  lateMs: 5000,
  calmMs: 60_000,
  stepIn: 0.25,
  idleMs: 300_000,
};
const quiet: Moment = {
  passedMs: 15_000,
  waiting: 0,
  running: 0,
  oldestMs: 0,
  perWorker: 100,
  starting: 0,
};

test("the first prediction wakes a fleet of none", () => {
  expect(play(policy, [quiet, { ...quiet, waiting: 1 }], 0).map((step) => step.desired)).toEqual([
    0, 1,
  ]);
});

test("an idle fleet goes one by one, and the last one late", () => {
  const row = Array<Moment>(40).fill(quiet);
  const counts = play(policy, [{ ...quiet, running: 140 }, ...row], 0).map((step) => step.desired);
  expect(counts[0]).toBe(3);
  expect(counts.indexOf(2)).toBe(5);
  expect(counts.indexOf(1)).toBe(9);
  expect(counts.indexOf(0)).toBeGreaterThanOrEqual(20);
  expect(counts.at(-1)).toBe(0);
});

test("a fleet that lets people wait although all have started grows by half", () => {
  const late = { ...quiet, waiting: 5, running: 60, oldestMs: 6000 };
  expect(play(policy, [late], 4)[0]?.desired).toBe(6);
  expect(play(policy, [{ ...late, starting: 1 }], 4)[0]?.desired).toBe(4);
});
