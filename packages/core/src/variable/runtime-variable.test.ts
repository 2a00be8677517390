import { expect, test } from "vitest";
import { runtimeVariableFrom } from "./runtime-variable.ts";

const read = runtimeVariableFrom({
  COMPANY: "Acme",
  FLOWISE_SECRETKEY_OVERWRITE: "secret",
  DATABASE_URL: "postgres://secret",
  AWS_SECRET_ACCESS_KEY: "secret",
  SLUICE_API_KEY: "secret",
});

test("a runtime variable reads what an operator put into the environment", () => {
  expect(read("COMPANY")).toBe("Acme");
  expect(read("MISSING")).toBeUndefined();
});

test.each([
  "FLOWISE_SECRETKEY_OVERWRITE",
  "DATABASE_URL",
  "AWS_SECRET_ACCESS_KEY",
  "SLUICE_API_KEY",
])("%s is not for flows", (name) => {
  expect(read(name)).toBeUndefined();
});
