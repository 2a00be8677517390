import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { LaunchReport } from "../src/launcher/launch.ts";
import { openTemporaryHome } from "../src/launcher/temporary-home.ts";

const script = fileURLToPath(new URL("__fixtures__/start-stand-in.ts", import.meta.url));
let temporary: Awaited<ReturnType<typeof openTemporaryHome>>;
let home: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  temporary = await openTemporaryHome("sluice-launcher");
  home = temporary.path;
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});
afterAll(() => temporary.remove());

interface Run {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  exit: Promise<number | null>;
  report(): Promise<LaunchReport>;
}

function start(env: NodeJS.ProcessEnv = {}, args = ["--json"]): Run {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH, SLUICE_HOME: home, PORT: "0", WORKER_PORT: "0", ...env },
  });
  started.push(child);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return {
    child,
    stdout: () => out,
    stderr: () => err,
    exit: new Promise((resolve) => child.once("close", resolve)),
    async report() {
      await until(() => out.includes("\n") || child.exitCode !== null, 60_000);
      if (!out.includes("\n")) throw new Error(`no report: ${err}`);
      return JSON.parse(out);
    },
  };
}

async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("waited too long");
    await delay(50);
  }
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** Read from /proc, because a slim image has no pgrep. */
async function watchdogOf(parent: number): Promise<number> {
  for (const entry of await readdir("/proc")) {
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    if (!/^\d+$/.test(entry) || !stat.includes(` ${parent} `)) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (command.includes("watchdog.ts")) return Number(entry);
  }
  throw new Error("no watchdog");
}

const pidsOf = (report: LaunchReport) =>
  [report.api, ...report.workers, report.redis, report.postgres].flatMap((own) => own?.pid ?? []);
const allGone = (pids: number[]) => until(() => !pids.some(isAlive), 20_000);

test("start brings up Redis, Postgres, API and workers, says so in one line, and SIGINT ends them all", async () => {
  const run = start({}, ["--json", "--workers", "2"]);
  const report = await run.report();
  expect(report.mode).toBe("queue");
  expect(report.apiKey.length).toBeGreaterThan(20);
  expect(report.workers).toHaveLength(2);
  const pids = pidsOf(report);
  expect(pids).toHaveLength(5);
  const api = await fetch(report.url).then((response) => response.json());
  expect(api).toMatchObject({
    MODE: "queue",
    REDIS_URL: report.redis?.url,
    DATABASE_URL: report.postgres.url,
    SLUICE_API_KEY: report.apiKey,
  });
  const worker = await fetch(report.workers[0]?.url ?? "").then((response) => response.json());
  expect(worker).not.toHaveProperty("SLUICE_API_KEY");

  run.child.kill("SIGINT");
  expect(await run.exit).toBe(0);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(run.stdout().trim().split("\n")).toHaveLength(1);
}, 120_000);

test("no child outlives a launcher that is killed, and the next start works with the same data and key", async () => {
  const run = start();
  const report = await run.report();
  run.child.kill("SIGKILL");
  await allGone(pidsOf(report));

  const again = start();
  const second = await again.report();
  expect(second.apiKey).toBe(report.apiKey);
  again.child.kill("SIGTERM");
  expect(await again.exit).toBe(0);
  await allGone(pidsOf(second));
}, 120_000);

test.runIf(process.platform === "linux")(
  "a start after the watchdog was killed too ends the servers that were left",
  async () => {
    const run = start();
    const report = await run.report();
    const servers = [report.redis?.pid ?? 0, report.postgres.pid ?? 0];
    const watchdog = await watchdogOf(run.child.pid ?? 0);
    process.kill(watchdog, "SIGKILL");
    run.child.kill("SIGKILL");
    await delay(300);
    expect(servers.every(isAlive)).toBe(true);

    const again = start();
    await again.report();
    expect(servers.some(isAlive)).toBe(false);
    again.child.kill("SIGINT");
    expect(await again.exit).toBe(0);
  },
  120_000,
);

test("a worker that dies is replaced, and the end of the API ends everything with exit code 1", async () => {
  const run = start();
  const report = await run.report();
  const [worker] = report.workers;
  await fetch(`${worker?.url}/die`).catch(() => {});
  await until(() => run.stderr().includes("starting it again"), 10_000);

  await fetch(`${report.url}/die`).catch(() => {});
  expect(await run.exit).toBe(1);
  expect(run.stderr()).toContain("the API stopped (exit code 3)");
  await allGone(pidsOf(report));
}, 120_000);

test("a port that was asked for and is taken fails in one line with the remedy", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await until(() => blocker.listening, 5000);
  const address = blocker.address();
  const port = typeof address === "object" ? String(address?.port) : "";
  const run = start({ PORT: port });
  expect(await run.exit).toBe(1);
  expect(run.stderr()).toBe(
    `port ${port} is taken\nStop what listens there, or set PORT to another port (0 takes a free one).\n`,
  );
  blocker.close();
}, 60_000);

test("a second start in the same home is refused", async () => {
  const run = start();
  await run.report();
  const second = start();
  expect(await second.exit).toBe(1);
  expect(second.stderr()).toContain(`another start already uses ${home}`);
  run.child.kill("SIGINT");
  await run.exit;
}, 60_000);

test("main mode starts no Redis and no worker", async () => {
  const run = start({ MODE: "main" }, ["--json"]);
  expect(await run.report()).toMatchObject({ mode: "main", workers: [], redis: null });
  run.child.kill("SIGINT");
  await run.exit;
}, 60_000);

test("a value that does not parse is named", async () => {
  const run = start({ PORT: "abc" });
  expect(await run.exit).toBe(2);
  expect(run.stderr()).toContain("PORT=abc is not usable");
});
