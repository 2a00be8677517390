import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, inject, test } from "vitest";
import { openTestDatabase } from "./database.ts";
import { spawnProcess } from "./process.ts";

const started: ReturnType<typeof spawnProcess>[] = [];
afterAll(() => Promise.all(started.map((one) => one.stop())));

/** How a process ended by itself within 10 s, and what it said. */
async function ended(kind: "api" | "worker", env: Record<string, string>) {
  const one = spawnProcess(kind, env);
  started.push(one);
  const exit = await Promise.race([one.exit, delay(10_000, "still running", { ref: false })]);
  return { exit, said: one.output().trim() };
}

test.each([
  [
    "api",
    { DATABASE_TYPE: "sqlite" },
    /^sluice api: DATABASE_TYPE="sqlite": expected postgres .*$/,
  ],
  ["worker", { DATABASE_TYPE: "mysql" }, /^sluice worker: DATABASE_TYPE="mysql": expected .*$/],
  ["api", { PORT: "99999" }, /^sluice api: PORT="99999": expected a port, 0 to 65535$/],
  ["api", { MODE: "fleet" }, /^sluice api: MODE="fleet": expected main or queue$/],
  ["worker", { WORKER_PORT: "x" }, /^sluice worker: WORKER_PORT="x": expected a port, .*$/],
  ["worker", { MODE: "main" }, /^sluice worker: MODE=main: a worker needs MODE=queue; .*$/],
  ["worker", { MODE: "queue", REDIS_URL: "http://x" }, /^sluice worker: REDIS_URL=\(hidden\): .*$/],
] as const)("the %s stops with one line at %j", async (kind, env, line) => {
  const { exit, said } = await ended(kind, { ...env });
  expect(said).toMatch(line);
  expect(exit).toBe(1);
});

test("a port that is taken is told in one line with the remedy", async () => {
  const database = await openTestDatabase();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = String(typeof address === "object" ? address?.port : 0);
  try {
    const env = { DATABASE_URL: database.url, HOST: "127.0.0.1", LOG_LEVEL: "error" };
    const api = await ended("api", { ...env, PORT: port });
    expect(api).toEqual({
      exit: 1,
      said: `sluice api: port ${port} is taken; set PORT to another one, or PORT=0 for any free one`,
    });
    const queue = { MODE: "queue", REDIS_URL: inject("redisUrl"), QUEUE_NAME: "taken-port" };
    const worker = await ended("worker", { ...env, ...queue, WORKER_PORT: port });
    expect(worker.exit).toBe(1);
    expect(worker.said.split("\n")).toHaveLength(1);
    expect(worker.said).toMatch(new RegExp(`port ${port} is taken; set WORKER_PORT`));
  } finally {
    server.close();
    await database.close();
  }
}, 40_000);
