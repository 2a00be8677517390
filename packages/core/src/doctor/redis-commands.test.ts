import { expect, test } from "vitest";
import { commandEstimate } from "./redis-commands.ts";

test("an idle deployment is estimated by the month, and less with the frugal profile", () => {
  const standard = commandEstimate({ apis: 1, workers: 1 });
  const frugal = commandEstimate({ apis: 1, workers: 1, frugal: true });
  expect(standard.idlePerMonth).toBe(24_624_000);
  expect(frugal.idlePerMonth).toBeLessThan(standard.idlePerMonth / 2);
  expect(frugal.perPrediction).toBe(standard.perPrediction);
});
