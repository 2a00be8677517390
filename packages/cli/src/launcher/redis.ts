import { spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../command.ts";
import { endProcess, exitOf } from "./end-process.ts";
import type { Guard } from "./guard.ts";
import { freePort } from "./port.ts";
import type { RedisBinary } from "./redis-binary.ts";
import { askRedis } from "./redis-client.ts";
import { writePrivate } from "./secrets.ts";

/** A server that the launcher owns. */
export interface OwnServer {
  pid: number;
  url: string;
  exit: Promise<string>;
  stop(): Promise<void>;
}

/** Starts the launcher's Redis: on this machine only, with a password, keeping its data in `home`. */
export async function startRedis(options: {
  binary: RedisBinary;
  home: string;
  password: string;
  guard: Guard;
  /** A free one, if not given. */
  port?: number;
  /** More lines of its configuration. */
  directives?: string[];
}): Promise<OwnServer> {
  const { binary, password, guard } = options;
  const folder = join(options.home, "redis");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await endOrphan(folder, password);
  const port = options.port ?? (await freePort());
  await writePrivate(join(folder, "port"), String(port));

  const log = await open(join(folder, "redis.log"), "w", 0o600);
  // The configuration goes through stdin: in the arguments everyone could read the password.
  const child = spawn(binary.path, ["-"], {
    cwd: folder,
    detached: true,
    stdio: ["pipe", log.fd, log.fd],
    env: {
      PATH: process.env.PATH,
      ...(binary.libraryPath && { LD_LIBRARY_PATH: binary.libraryPath }),
    },
  });
  await log.close();
  const exit = exitOf(child);
  const { pid } = child;
  if (pid === undefined) throw new CliError(`Redis does not start: ${await exit}`);
  guard.watch(pid, 2, "SIGTERM");
  exit.then(() => guard.forget(pid));
  child.stdin?.on("error", () => {});
  const lines = [configuration(port, password, folder), ...(options.directives ?? [])];
  child.stdin?.end(lines.join("\n"));
  const stop = () => endProcess(child, exit, { signal: "SIGTERM", graceMs: 10_000 });

  let ended: string | undefined;
  exit.then((how) => {
    ended = how;
  });
  const deadline = Date.now() + 30_000;
  while ((await askRedis(port, password, "PING")) !== "+PONG") {
    if (ended || Date.now() > deadline) {
      await stop();
      throw new CliError(`Redis does not start (${ended ?? "no answer within 30 s"})`, {
        remedy: `See ${join(folder, "redis.log")}.`,
      });
    }
    await delay(20);
  }
  return { pid, url: `redis://:${password}@127.0.0.1:${port}`, exit, stop };
}

// noeviction: evicted keys would be lost jobs. The append-only file keeps them over a restart.
const configuration = (port: number, password: string, folder: string) =>
  [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    "daemonize no",
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "maxmemory-policy noeviction",
    "loglevel warning",
  ].join("\n");

/** A Redis of an earlier start that outlived even the watchdog: two on one data folder would spoil it. */
async function endOrphan(folder: string, password: string): Promise<void> {
  const port = Number(await readFile(join(folder, "port"), "utf8").catch(() => ""));
  if (!port || (await askRedis(port, password, "PING")) === undefined) return;
  await askRedis(port, password, "SHUTDOWN");
  const deadline = Date.now() + 10_000;
  while ((await askRedis(port, password, "PING")) !== undefined) {
    if (Date.now() > deadline) throw new CliError(`An earlier Redis on port ${port} does not stop`);
    await delay(50);
  }
}
