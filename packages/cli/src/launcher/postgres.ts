import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../command.ts";
import { endProcess, exitOf } from "./end-process.ts";
import type { Guard } from "./guard.ts";
import { freePort } from "./port.ts";
import { type PostgresPlace, placePostgres } from "./postgres-place.ts";
import type { OwnServer } from "./redis.ts";

const database = "sluice";

/** Starts the launcher's PostgreSQL; the first start makes the cluster. */
export async function startPostgres(options: { home: string; guard: Guard }): Promise<OwnServer> {
  const place = await placePostgres(options.home);
  const data = join(place.base, `data-${place.major}`);
  if (!(await stat(data).catch(() => undefined))) await makeCluster(place, data);
  await endOrphan(data);
  const password = (await readFile(join(place.base, "password"), "utf8")).trim();
  const logFile = join(place.base, "postgres.log");
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const server = await run(place, data, port, options.guard);
    if ("stop" in server) {
      const url = `postgres://${database}:${password}@127.0.0.1:${port}/${database}`;
      return { ...server, url };
    }
    // Backends of a killed server keep its memory for a moment, and a port may be lost to another.
    if (attempt === 5)
      throw new CliError(`PostgreSQL does not start (${server.ended})`, {
        remedy: `See ${logFile}.`,
      });
    await delay(500 * attempt);
  }
}

async function run(
  place: PostgresPlace,
  data: string,
  port: number,
  guard: Guard,
): Promise<Omit<OwnServer, "url"> | { ended: string }> {
  const log = await open(join(place.base, "postgres.log"), "w", 0o600);
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    // TCP alone: a socket would need a folder that everyone agrees on.
    unix_socket_directories: "",
    max_connections: 200,
    log_min_messages: "error",
  };
  const child = spawn(
    join(place.bin, "postgres"),
    [
      "-D",
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    {
      cwd: place.base,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      env: serverEnv,
      ...place.user,
    },
  );
  await log.close();
  const exit = exitOf(child);
  const { pid } = child;
  if (pid === undefined) return { ended: await exit };
  // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
  guard.watch(pid, 2, "SIGINT");
  exit.then(() => guard.forget(pid));
  const stop = () => endProcess(child, exit, { signal: "SIGINT", graceMs: 20_000 });
  let ended: string | undefined;
  exit.then((how) => {
    ended = how;
  });
  const deadline = Date.now() + 60_000;
  while (!(await isReady(data, pid))) {
    if (ended !== undefined) return { ended };
    if (Date.now() > deadline) {
      await stop();
      return { ended: "not ready within 60 s" };
    }
    await delay(20);
  }
  return { pid, exit, stop };
}

const serverEnv = { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" };

/** The server keeps its state in the eighth line of its pid file; pg_ctl reads it there too. */
async function isReady(data: string, pid: number): Promise<boolean> {
  const lines = await readFile(join(data, "postmaster.pid"), "utf8").then(
    (text) => text.split("\n"),
    () => [],
  );
  return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
}

/** Built beside and renamed, so that a start cut short leaves no half a cluster. */
async function makeCluster(place: PostgresPlace, data: string): Promise<void> {
  const draft = `${data}.draft`;
  await rm(draft, { recursive: true, force: true });
  const passwordFile = join(place.base, "password");
  await writeFile(passwordFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  if (place.user) await chown(passwordFile, place.user.uid, place.user.gid);
  await finish(place, "initdb", [
    `--pgdata=${draft}`,
    `--username=${database}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ]);
  // Single-user mode needs neither a port nor a client.
  await finish(
    place,
    "postgres",
    ["--single", "-D", draft, "postgres"],
    `CREATE DATABASE ${database}\n`,
  );
  await rename(draft, data);
}

async function finish(
  place: PostgresPlace,
  program: string,
  args: string[],
  input = "",
): Promise<void> {
  const child = spawn(join(place.bin, program), args, {
    cwd: place.base,
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
    env: serverEnv,
    timeout: 120_000,
    killSignal: "SIGKILL",
    ...place.user,
  });
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said = (said + chunk).slice(-2000);
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const how = await exitOf(child);
  if (how !== "exit code 0" || /^\S*\s*(ERROR|FATAL):/m.test(said))
    throw new CliError(
      `PostgreSQL's ${program} failed (${how}): ${said.trim().split("\n").at(-1)}`,
      {
        remedy: "Set DATABASE_URL to use a PostgreSQL of your own.",
      },
    );
}

/**
 * What an unclean stop leaves: a server still running on our data (ended here), or a pid file whose number
 * is another process's by now, which PostgreSQL would take for a running server.
 */
async function endOrphan(data: string): Promise<void> {
  const pidFile = join(data, "postmaster.pid");
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).split("\n")[0]);
  if (!pid || !isAlive(pid)) return;
  if (!(await commandOf(pid)).includes(data)) return rm(pidFile, { force: true });
  process.kill(pid, "SIGINT");
  const deadline = Date.now() + 15_000;
  while (isAlive(pid)) {
    if (Date.now() > deadline) process.kill(pid, "SIGQUIT");
    if (Date.now() > deadline + 5000)
      throw new CliError(`An earlier PostgreSQL (pid ${pid}) does not stop`);
    await delay(50);
  }
}

async function commandOf(pid: number): Promise<string> {
  const listed = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined);
  if (listed !== undefined) return listed;
  const child = spawn("ps", ["-p", String(pid), "-o", "args="], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  await exitOf(child);
  return text;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
