import { expect, test } from "vitest";
import { limitHeaders, readFlowLimit, readFlowRate } from "./flow-limit.ts";

const rateLimit = { status: true, limitMax: 5, limitDuration: 60, limitMsg: "Slow down" };
const read = (more: object) => readFlowLimit({ rateLimit: { ...rateLimit, ...more } });

test("a limit is read from numbers and from numbers as text", () => {
  const limit = { max: 5, windowMs: 60_000, message: "Slow down" };
  expect(read({})).toEqual(limit);
  expect(read({ limitMax: "5", limitDuration: "60" })).toEqual(limit);
  expect(read({ status: undefined })).toEqual(limit);
  expect(read({ limitDuration: "0.33333" })?.windowMs).toBe(334);
});

test.each([
  { status: false },
  { limitMax: 0 },
  { limitMax: "" },
  { limitMax: -1 },
  { limitMax: "many" },
  { limitDuration: 0 },
  { limitDuration: undefined },
  { limitDuration: "1e300" },
  { limitMsg: "" },
])("there is none with %j", (more) => {
  expect(read(more)).toBeUndefined();
});

test.each([undefined, null, {}, { rateLimit: null }, { rateLimit: {} }, "text", 7])(
  "there is none in %j",
  (apiConfig) => {
    expect(readFlowLimit(apiConfig)).toBeUndefined();
  },
);

test("headers count down to nothing, and tell who is refused when to come back", () => {
  const limit = { max: 2, windowMs: 30_000, message: "" };
  expect(limitHeaders(limit, { passed: true, remaining: 1, resetMs: 29_001, retryMs: 0 })).toEqual({
    "RateLimit-Policy": "2;w=30",
    "RateLimit-Limit": "2",
    "RateLimit-Remaining": "1",
    "RateLimit-Reset": "30",
  });
  expect(
    limitHeaders(limit, { passed: false, remaining: 0, resetMs: 100, retryMs: 100 }),
  ).toMatchObject({
    "RateLimit-Remaining": "0",
    "Retry-After": "1",
  });
});

test("a rate of our own stands beside Flowise's settings", () => {
  expect(readFlowRate({ sluice: { rateLimit: "5/1s" } })).toBe("5/1s");
  for (const none of [undefined, null, {}, { sluice: {} }, { sluice: { rateLimit: 5 } }])
    expect(readFlowRate(none)).toBeUndefined();
});
