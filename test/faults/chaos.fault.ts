import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const flow = fileURLToPath(new URL("../../examples/flows/Translator.json", import.meta.url));

test("sluice chaos loses and doubles nothing while it kills workers and an API, restarts Redis and cuts it off", async () => {
  const args = ["chaos", flow, "--for", "19s", "--every", "2200ms", "--rate", "4", "--json"];
  const { stdout } = await run(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH },
    timeout: 90_000,
  });
  const report = JSON.parse(stdout);
  expect(report.sent).toBeGreaterThan(40);
  expect(report).toMatchObject({ lost: 0, doubled: 0, failed: 0 });
  // Refused are those alone who came while Redis was away.
  expect(report.answered + report.refused).toBe(report.sent);
  expect(report.answered).toBeGreaterThan(report.sent / 2);
  const { workersKilled, apisKilled, redisRestarts, redisCuts } = report.faults;
  for (const count of [workersKilled, apisKilled, redisRestarts, redisCuts])
    expect(count).toBeGreaterThan(0);
  expect(report.faults.redisConnectionsKilled).toBeGreaterThan(10);
}, 100_000);
