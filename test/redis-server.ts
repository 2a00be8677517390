import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { end, type TestServer } from "./postgres-server.ts";

/** `redis-server` or `valkey-server` from the PATH, in memory only. */
export async function startRedis(): Promise<TestServer> {
  const home = mkdtempSync(join(tmpdir(), "sluice-test-redis-"));
  for (const program of ["redis-server", "valkey-server"]) {
    const port = await freePort();
    const flags = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", home];
    const server = spawn(program, flags, { stdio: "ignore" });
    const failed = new Promise<"failed">((resolve) =>
      server.once("error", () => resolve("failed")),
    );
    if ((await Promise.race([failed, answers(port)])) === "failed") continue;
    return {
      url: `redis://127.0.0.1:${port}`,
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
