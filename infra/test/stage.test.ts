import { expect, test } from "vitest";
import { checkConnectionBudget, connectionBudget } from "../connection-budget.ts";
import { functionsInVpc, stageOf } from "../stage.ts";

test("a variable chooses outside production, and a misspelling fails with the list", () => {
  expect(stageOf("pr-7", { SLUICE_API: "lambda" }).api).toBe("lambda");
  expect(stageOf("pr-7", { SLUICE_API: "" }).api).toBe("fargate");
  expect(() => stageOf("pr-7", { SLUICE_REDIS: "elasticach" })).toThrow(
    "SLUICE_REDIS=elasticach: expected one of elasticache, upstash, external",
  );
});

test("production is what the table says", () => {
  expect(() => stageOf("production", { SLUICE_SCALER: "controller" })).toThrow(
    "SLUICE_SCALER is not for production: what it is made of stands in infra/stage.ts",
  );
  expect(stageOf("production", {})).toMatchObject({ api: "fargate", redis: "elasticache" });
});

test("target tracking keeps a worker where the controller would keep none", () => {
  expect(stageOf("pr-7", {}).workers.min).toBe(0);
  expect(stageOf("pr-7", { SLUICE_SCALER: "target-tracking" }).workers.min).toBe(1);
});

test("functions are in the VPC for what lives there, and only then", () => {
  const stage = stageOf("pr-7", { SLUICE_REDIS: "upstash", SLUICE_DATABASE: "external" });
  expect(functionsInVpc(stage)).toBe(false);
  expect(functionsInVpc({ ...stage, database: "rds" })).toBe(true);
});

test("connections are summed up at the stage's largest, and too many are refused with the sum", () => {
  const stage = stageOf("production", {});
  expect(connectionBudget(stage).postgres).toEqual({
    needed: 281,
    limit: 400,
    sum: "20 workers × 10 + 8 APIs × 10 + 1 migration = 281",
  });
  expect(() => checkConnectionBudget({ ...stage, databaseNode: "t4g.micro" })).toThrow(
    "Too many connections to postgres: 20 workers × 10 + 8 APIs × 10 + 1 migration = 281, and t4g.micro takes 80",
  );
});
