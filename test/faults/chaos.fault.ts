import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const flow = fileURLToPath(new URL("../../examples/flows/Translator.json", import.meta.url));

test("sluice chaos loses and doubles nothing while it kills workers, an API and Redis's connections", async () => {
  const args = ["chaos", flow, "--for", "12s", "--every", "2500ms", "--rate", "4", "--json"];
  const { stdout } = await run(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH },
    timeout: 90_000,
  });
  const report = JSON.parse(stdout);
  expect(report.sent).toBeGreaterThan(35);
  expect(report).toMatchObject({ answered: report.sent, lost: 0, doubled: 0, failed: 0 });
  expect(report.faults).toMatchObject({ workersKilled: 2, apisKilled: 1 });
  expect(report.faults.redisConnectionsKilled).toBeGreaterThan(10);
}, 100_000);
