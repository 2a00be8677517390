import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../test/database.ts";

const entry = fileURLToPath(new URL("../src/migrate.ts", import.meta.url));
let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase({ migrate: false });
});
afterAll(() => database.close());

function migrate(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [entry], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, said })));
}

test("two deploys that migrate at once do it once, and both succeed", async () => {
  const env = { DATABASE_URL: database.url, LOG_LEVEL: "info" };
  const runs = await Promise.all([migrate(env), migrate(env)]);
  expect(runs.map(({ code }) => code)).toEqual([0, 0]);
  const did = runs.map(({ said }) => JSON.parse(said.trim().split("\n").at(-1)!).migrations.length);
  expect(did.sort((a, b) => a - b)).toEqual([0, Math.max(...did)]);
  expect(Math.max(...did)).toBeGreaterThan(0);
});

test("a migration that cannot be made says why, and fails the deploy", async () => {
  const { code, said } = await migrate({ DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
  expect(code).toBe(1);
  expect(said).toContain("sluice migrate: ");
});
