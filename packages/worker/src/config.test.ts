import { readSettings } from "@sluice/core/settings";
import { expect, test } from "vitest";
import { Config } from "./config.ts";

test("a worker listens on 5566, or where it is told, or anywhere", () => {
  expect(readSettings(Config, {}).WORKER_PORT).toBe(5566);
  expect(readSettings(Config, { WORKER_PORT: "" }).WORKER_PORT).toBe(5566);
  expect(readSettings(Config, { WORKER_PORT: "0" }).WORKER_PORT).toBe(0);
  const wrong = () => readSettings(Config, { WORKER_PORT: "x" });
  expect(wrong).toThrow(new Error('WORKER_PORT="x": expected a port, 0 to 65535'));
});

test("a worker stops within the time that Fargate gives it", () => {
  expect(readSettings(Config, {}).WORKER_STOP_TIMEOUT_SECONDS).toBeLessThan(120);
});
