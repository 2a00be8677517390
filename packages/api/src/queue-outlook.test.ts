import { AppError } from "@sluice/core/error";
import type { FleetReading } from "@sluice/core/prediction/read-fleet";
import { expect, test } from "vitest";
import { openQueueOutlook, type QueueOutlookOptions } from "./queue-outlook.ts";

const fleet: FleetReading = {
  waiting: 0,
  active: 0,
  added: 0,
  oldestAtMs: undefined,
  workers: [{ capacity: 100, running: 0 }],
};

async function open(reading: Partial<FleetReading>, options: Partial<QueueOutlookOptions> = {}) {
  let reads = 0;
  const outlook = openQueueOutlook({
    read: async () => {
      reads++;
      return { ...fleet, ...reading };
    },
    everyMs: 60_000,
    maxWaitMs: 2000,
    maxQueued: 1000,
    ...options,
  });
  await outlook.look();
  const refusal = (connected: boolean, leftMs = 600_000) => {
    try {
      outlook.check({ connected, deadlineAt: Date.now() + leftMs });
      return undefined;
    } catch (error) {
      return error as AppError;
    }
  };
  return { outlook, refusal, reads: () => reads };
}

test("a thousand requests of a moment cost one reading", async () => {
  const { refusal, reads } = await open({});
  for (let i = 0; i < 1000; i++) refusal(true);
  expect(reads()).toBe(1);
});

test("callers who wait are refused past the longest wait, those who come back for the answer are not", async () => {
  // Full, with 300 behind a hundred places of a second each.
  const { refusal } = await open({ waiting: 300, active: 100 });
  expect(refusal(false)).toBeUndefined();
  const refused = refusal(true);
  expect(refused).toBeInstanceOf(AppError);
  expect([refused?.code, refused?.message]).toEqual([
    "overloaded",
    expect.stringContaining("would wait about 3 s"),
  ]);
  expect(refused?.retryAfterS).toBeGreaterThanOrEqual(1);
});

test("a longest wait that is set holds, also one without end", async () => {
  const waiting = { waiting: 300, active: 100 };
  expect((await open(waiting, { maxWaitMs: 10_000 })).refusal(true)).toBeUndefined();
  expect((await open(waiting, { maxWaitMs: 1000 })).refusal(true)?.code).toBe("overloaded");
  const endless = await open(waiting, { maxWaitMs: Number.POSITIVE_INFINITY });
  expect(endless.refusal(true)).toBeUndefined();
  expect(endless.refusal(true, 2000)?.code).toBe("overloaded");
});

test("work is refused whose deadline comes before its turn", async () => {
  const { refusal } = await open({ waiting: 500, active: 100 });
  expect(refusal(false, 4000)?.code).toBe("overloaded");
  expect(refusal(false, 6000)).toBeUndefined();
});

test("the queue has a bound, for everybody", async () => {
  const { outlook, refusal } = await open({ waiting: 998, active: 100 }, { maxWaitMs: 600_000 });
  expect(refusal(false)).toBeUndefined();
  outlook.added();
  outlook.added();
  expect(refusal(false)?.message).toMatch(/^Too many predictions wait; try again in \d+ s$/);
});

test("without workers predictions are queued, so that somebody wakes one, unless the first waits for longer already", async () => {
  const none = await open({ workers: [], waiting: 0 });
  expect(none.refusal(true)).toBeUndefined();
  const waits = await open({ workers: [], waiting: 1, oldestAtMs: Date.now() - 30_000 });
  expect(waits.refusal(true)).toBeUndefined();
  expect(waits.refusal(true, 20_000)?.message).toContain("No worker serves");
});

test("while the queue cannot be read, nobody is refused for what it was", async () => {
  const away = await open({}, { read: () => Promise.reject(new Error("away")) });
  expect(away.refusal(true)).toBeUndefined();
});
