import { expect, test } from "vitest";
import { z } from "zod";
import { readSettings } from "../settings.ts";
import { limitPolicies, limitSettings } from "./limit-settings.ts";
import { rateHeaders } from "./rate-headers.ts";
import { overridden, rateLimit, readRate } from "./rate-policy.ts";

const Settings = z.object(limitSettings);

test.each([
  ["100/60s", { count: 100, seconds: 60, burst: 100, away: "local" }],
  [" 100 / 1m burst 20 ", { count: 100, seconds: 60, burst: 20, away: "local" }],
  ["5/s away closed", { count: 5, seconds: 1, burst: 5, away: "closed" }],
  ["1000/1d BURST 10 away open", { count: 1000, seconds: 86_400, burst: 10, away: "open" }],
])("%j is a rate", (text, policy) => {
  expect(readRate(text)).toEqual(policy);
});

test.each([
  ...[
    "",
    "100",
    "100/",
    "0/60s",
    "100/0s",
    "1.5/s",
    "-1/s",
    "100/60s burst 0",
    "100/60s away maybe",
  ],
  ...["100/60 s burst", "9999999/1s", "1/9999999d", "1/9999d burst 999999999"],
])("%j is none", (text) => {
  expect(readRate(text)).toBeUndefined();
});

test("intervals are whole microseconds and allow never more than was said", () => {
  const policy = readRate("7/60s")!;
  expect(rateLimit("a", policy)).toMatchObject({ burst: 7, intervalUs: 8_571_429 });
});

test("a setting that is none is told in one line, with its value", () => {
  expect(() => readSettings(Settings, { RATE_LIMIT_KEY: "lots" })).toThrow(
    'RATE_LIMIT_KEY="lots": expected a rate such as "100/60s", "100/1m burst 20" or "5/1s away closed"',
  );
  expect(() => readSettings(Settings, { RATE_LIMIT_LOCAL_SHARE: "2" })).toThrow(
    'RATE_LIMIT_LOCAL_SHARE="2": expected a part of one, e.g. 0.5',
  );
  expect(() => readSettings(Settings, { RATE_LIMIT_FLOWISE_AWAY: "x" })).toThrow(
    'RATE_LIMIT_FLOWISE_AWAY="x": expected open, closed or local',
  );
});

test("unset settings limit nothing, and windows of flows are closed while Redis is away", () => {
  const policies = limitPolicies(
    readSettings(Settings, { RATE_LIMIT_IP: "", RATE_LIMIT_KEY: "1/s" }),
  );
  expect(policies).toEqual({ key: readRate("1/s"), flowiseAway: "closed" });
});

test("a rate of one's own replaces the general one, and off takes it away", () => {
  const general = readRate("100/60s");
  expect(overridden(null, general)).toBe(general);
  expect(overridden("5/1s", general)?.count).toBe(5);
  expect(overridden("off", general)).toBeUndefined();
  expect(overridden("5/1s", undefined)?.count).toBe(5);
});

test("headers name each policy; one that refuses says when to come back", () => {
  const state = { passed: true, remaining: 8, resetMs: 1200, retryMs: 0 };
  const key = { name: "key", policy: readRate("100/60s")!, state };
  const ip = {
    name: "ip",
    policy: readRate("10/1s")!,
    state: { passed: false, remaining: 0, resetMs: 9000, retryMs: 100 },
  };
  expect(rateHeaders([])).toEqual({});
  expect(rateHeaders([key])).toEqual({
    "RateLimit-Policy": '"key";q=100;w=60',
    RateLimit: '"key";r=8;t=2',
  });
  expect(rateHeaders([ip, key])).toEqual({
    "RateLimit-Policy": '"ip";q=10;w=1, "key";q=100;w=60',
    RateLimit: '"ip";r=0;t=1, "key";r=8;t=2',
    "Retry-After": "1",
  });
});
