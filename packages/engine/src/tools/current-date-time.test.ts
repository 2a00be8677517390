import { expect, test } from "vitest";
import { callTool, toolRun } from "./tool-test-bench.ts";

test("the current time is told in the machine's own time zone and in UTC", async () => {
  const now = Date.UTC(2026, 2, 5, 12, 30, 15);
  const { text } = await callTool(toolRun({ now: () => now }), "currentDateTime", {}, {});
  expect(JSON.parse(text)).toMatchObject({
    date: expect.stringMatching(/^2026-03-0[456]$/),
    time: expect.stringMatching(/^\d\d:\d\d:15$/),
    iso8601: "2026-03-05T12:30:15.000Z",
    unix_timestamp: now / 1000,
  });
});
