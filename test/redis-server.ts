import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { end, type TestServer } from "./postgres-server.ts";

interface RedisServerOptions {
  /** To come back where an earlier one was. */
  port?: number;
  flags?: string[];
}

export interface RedisServer extends TestServer {
  port: number;
  pid: number;
}

/** `redis-server` or `valkey-server` from the PATH, in memory only. */
export async function startRedis({
  port: given,
  flags: more = [],
}: RedisServerOptions = {}): Promise<RedisServer> {
  const home = mkdtempSync(join(tmpdir(), "sluice-test-redis-"));
  for (const program of ["redis-server", "valkey-server"]) {
    const port = given ?? (await freePort());
    const flags = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", home];
    const server = spawn(program, [...flags, ...more], { stdio: "ignore" });
    const failed = new Promise<"failed">((resolve) =>
      server.once("error", () => resolve("failed")),
    );
    if ((await Promise.race([failed, answers(port)])) === "failed") continue;
    return {
      url: `redis://127.0.0.1:${port}`,
      port,
      pid: server.pid ?? 0,
      async stop() {
        await end(server, "SIGTERM");
        rmSync(home, { recursive: true, force: true });
      },
    };
  }
  throw new Error("The tests need redis-server or valkey-server on the PATH");
}

async function answers(port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await connects(port))) {
    if (Date.now() > deadline) throw new Error("Redis did not start within 10 s");
    await sleep(20);
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
