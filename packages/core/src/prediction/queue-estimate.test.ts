import { expect, test } from "vitest";
import { openQueueEstimate } from "./queue-estimate.ts";
import type { FleetReading } from "./read-fleet.ts";

const reading = (
  given: Partial<Omit<FleetReading, "workers">> & { capacity?: number },
): FleetReading => ({
  waiting: 0,
  active: 0,
  added: 0,
  oldestAtMs: undefined,
  workers: given.capacity === 0 ? [] : [{ capacity: given.capacity ?? 100, running: 0 }],
  ...given,
});

function open() {
  let now = 1_000_000;
  const estimate = openQueueEstimate({ staleMs: 5000, now: () => now });
  return {
    estimate,
    now: () => now,
    pass: (ms: number) => {
      now += ms;
    },
    read: (given: Parameters<typeof reading>[0]) =>
      estimate.read(reading(given), estimate.ownAdded()),
  };
}

test("nobody waits for what has a free place", () => {
  const { estimate, read } = open();
  read({ active: 40 });
  for (let i = 0; i < 60; i++) estimate.added();
  expect(estimate.waitMs()).toBe(0);
});

test("those that came after the last reading count", () => {
  const { estimate, read } = open();
  estimate.ended(2000);
  read({ active: 100 });
  for (let i = 0; i < 50; i++) estimate.added();
  // 100 places of two seconds each: 50 become free in a second.
  expect(estimate.waitMs()).toBeCloseTo(1000);
});

test("the pace of a queue that is never empty goes before how long runs seem to take", () => {
  const { estimate, read, pass } = open();
  estimate.ended(1000);
  let added = 1000;
  read({ active: 100, waiting: 1000, added });
  for (let i = 0; i < 60; i++) {
    pass(500);
    // Half of what 100 places of a second each would do: 25 in half a second.
    added += 25;
    for (let own = 0; own < 25; own++) estimate.added();
    read({ active: 100, waiting: 1000, added });
  }
  expect(estimate.placeMs()).toBeGreaterThan(1900);
  expect(estimate.placeMs()).toBeLessThan(2100);
  expect(estimate.waitMs() / 20_000).toBeCloseTo(1, 1);
});

test("while nothing becomes free, a place is taken for longer and longer", () => {
  const { estimate, read, pass } = open();
  read({ active: 100, waiting: 10, added: 110 });
  for (let i = 0; i < 40; i++) {
    pass(500);
    read({ active: 100, waiting: 10, added: 110 });
  }
  expect(estimate.placeMs()).toBeGreaterThan(10_000);
  expect(estimate.placeMs()).toBeLessThan(40_000);
});

test("what other processes add is reckoned from this one's share", () => {
  const { estimate, read, pass } = open();
  let added = 0;
  read({ added });
  for (let i = 0; i < 20; i++) {
    pass(500);
    for (let own = 0; own < 10; own++) estimate.added();
    added += 40;
    read({ active: 100, added });
  }
  expect(estimate.share()).toBeCloseTo(0.25, 1);
  for (let own = 0; own < 10; own++) estimate.added();
  expect(estimate.waiting()).toBeGreaterThan(35);
});

test("while nobody serves, the wait is that of the first in the queue", () => {
  const { estimate, read, now, pass } = open();
  read({ capacity: 0 });
  expect([estimate.waitMs(), estimate.serving()]).toEqual([0, false]);
  read({ capacity: 0, waiting: 1, oldestAtMs: now() });
  pass(3000);
  expect(estimate.waitMs()).toBe(3000);
  expect(estimate.waitAtMs(1)).toBeUndefined();
});

test("an old reading says nothing", () => {
  const { estimate, read, pass } = open();
  read({ waiting: 5000, active: 100 });
  expect(estimate.waitMs()).toBeGreaterThan(0);
  pass(5001);
  expect([estimate.waitMs(), estimate.waiting(), estimate.serving()]).toEqual([0, 0, undefined]);
});

test("the first in the queue is expected when the next place becomes free", () => {
  const { estimate, read } = open();
  estimate.ended(1000);
  read({ active: 100, waiting: 20 });
  expect(estimate.waitAtMs(1)).toBeCloseTo(10);
  expect(estimate.waitAtMs(20)).toBeCloseTo(200);
  read({ active: 90, waiting: 20 });
  expect(estimate.waitAtMs(10)).toBe(0);
});
