import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { end } from "./postgres-server.ts";

const entries = {
  api: fileURLToPath(new URL("../packages/api/src/serve.ts", import.meta.url)),
  worker: fileURLToPath(new URL("../packages/worker/src/main.ts", import.meta.url)),
};

export interface TestProcess {
  url: string;
  pid: number;
  /** All it has written to stderr and stdout. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Exit code, or the signal that ended it. */
  exit: Promise<number | string>;
  stop(): Promise<void>;
}

/** Starts an API or a worker as a process of its own, with exactly this environment. */
export async function startProcess(
  kind: keyof typeof entries,
  env: Record<string, string>,
): Promise<TestProcess> {
  const started = spawnProcess(kind, env);
  const ready = new Promise<string>((resolve) => {
    started.child.on("message", (message: { type?: string; url?: string }) => {
      if (message.type === "ready" && message.url) resolve(message.url);
    });
  });
  const url = await Promise.race([
    ready,
    started.exit.then(() => ""),
    delay(20_000, "", { ref: false }),
  ]);
  if (url) return { ...started, url, pid: started.child.pid ?? 0 };
  await started.stop();
  throw new Error(`The ${kind} did not start:\n${started.output()}`);
}

/** Starts a process and waits for nothing. */
export function spawnProcess(kind: keyof typeof entries, env: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, [entries[kind]], {
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let written = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      written += chunk.toString();
    });
  const exit = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? code ?? 0));
  });
  return {
    child,
    exit,
    output: () => written,
    signal: (name: NodeJS.Signals) => void child.kill(name),
    async stop(): Promise<void> {
      // A stopped process hears nothing but this.
      child.kill("SIGCONT");
      await end(child, "SIGKILL");
    },
  };
}
