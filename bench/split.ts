import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LaunchReport } from "../packages/cli/src/launcher/launch.ts";
import { openTemporaryHome } from "../packages/cli/src/launcher/temporary-home.ts";
import type { Watched } from "./process-usage.ts";

export interface Split {
  report: LaunchReport;
  watched: Watched;
  stop(): Promise<void>;
}

const launcher = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const readyWithinMs = 90_000;
const stopWithinMs = 30_000;

/** Starts API, worker, Redis and PostgreSQL as a user would, in a home of their own. */
export async function startSplit(options: {
  bundled: boolean;
  env?: NodeJS.ProcessEnv;
}): Promise<Split> {
  const home = await openTemporaryHome("sluice-bench");
  const logFile = join(home.path, "processes.log");
  const log = await open(logFile, "w");
  const args = [launcher, "start", "--json", ...(options.bundled ? ["--bundled"] : [])];
  const child = spawn(process.execPath, args, {
    env: {
      ...process.env,
      MODE: "queue",
      PORT: "0",
      WORKER_PORT: "0",
      SLUICE_HOME: home.path,
      // The simulated model is on this machine.
      HTTP_SECURITY_CHECK: "false",
      ...options.env,
    },
    stdio: ["ignore", "pipe", log.fd],
  });
  const stop = async () => {
    await end(child);
    await log.close();
    await home.remove();
  };
  const late = setTimeout(() => child.kill("SIGTERM"), readyWithinMs);
  try {
    const report = JSON.parse(await firstLine(child)) as LaunchReport;
    return { report, watched: watchedOf(report), stop };
  } catch (error) {
    const lines = (await readFile(logFile, "utf8")).trimEnd().split("\n").slice(-20);
    await stop();
    throw new Error(`The split does not start:\n${lines.join("\n")}`, { cause: error });
  } finally {
    clearTimeout(late);
  }
}

function watchedOf({ api, workers, redis, postgres }: LaunchReport): Watched {
  const watched: Watched = { api: api.pid };
  for (const [index, { pid }] of workers.entries())
    watched[index === 0 ? "worker" : `worker ${index + 1}`] = pid;
  if (redis?.pid) watched.redis = redis.pid;
  if (postgres.pid) watched.postgres = postgres.pid;
  return watched;
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.setEncoding("utf8");
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    text += chunk;
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  throw new Error("it ended");
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit", { signal: AbortSignal.timeout(stopWithinMs) });
  child.kill("SIGTERM");
  // The launcher's watchdog ends the others when the launcher is gone.
  await exit.catch(() => child.kill("SIGKILL"));
}
