import { expect, test } from "vitest";
import { nextFiring, scheduleTriggerOf } from "./schedule-trigger.ts";

const flow = (inputs: Record<string, unknown>) => ({
  nodes: [
    {
      id: "startAgentflow_0",
      data: { name: "startAgentflow", inputs: { startInputType: "scheduleInput", ...inputs } },
    },
  ],
  edges: [],
});
const cronOf = (inputs: Record<string, unknown>) =>
  scheduleTriggerOf(flow(inputs), { minIntervalS: 60 })?.cron;

test.each([
  [{ scheduleFrequency: "hourly", scheduleOnMinute: 5 }, "5 * * * *"],
  [{ scheduleFrequency: "daily", scheduleOnTime: "09:30" }, "30 9 * * *"],
  [
    { scheduleFrequency: "weekly", scheduleOnTime: "09:30", scheduleOnDayOfWeek: '["1","5"]' },
    "30 9 * * 1,5",
  ],
  [
    { scheduleFrequency: "monthly", scheduleOnTime: "00:00", scheduleOnDayOfMonth: "1,15" },
    "0 0 1,15 * *",
  ],
  [{ scheduleType: "cronExpression", scheduleCronExpression: "*/5 * * * *" }, "*/5 * * * *"],
])("the picker's %j is %s", (inputs, cron) => {
  expect(cronOf(inputs)).toBe(cron);
});

test("a schedule that fires too often is refused by name", () => {
  const inputs = { scheduleType: "cronExpression", scheduleCronExpression: "* * * * *" };
  expect(() => scheduleTriggerOf(flow(inputs), { minIntervalS: 300 })).toThrow(
    "fires more often than every 300 s (MIN_SCHEDULE_INTERVAL_SECONDS)",
  );
});

test("a schedule that is none is refused with what it says", () => {
  const inputs = { scheduleType: "cronExpression", scheduleCronExpression: "often" };
  expect(() => cronOf(inputs)).toThrow('"often" (UTC) is not valid');
});

test("a flow that begins otherwise has no schedule", () => {
  expect(cronOf({ startInputType: "chatInput" })).toBeUndefined();
});

test("a schedule keeps the clock of its time zone", () => {
  const next = nextFiring("0 9 * * *", "Europe/Lisbon", new Date("2026-07-01T00:00:00Z"));
  expect(next.toISOString()).toBe("2026-07-01T08:00:00.000Z");
});
