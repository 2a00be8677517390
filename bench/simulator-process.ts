import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../packages/simulator/src/main.ts", import.meta.url));

/** Starts the simulated model provider in a process of its own, so that it takes no time from the load generator. */
export async function startSimulator() {
  const child = fork(entry, { env: { ...process.env, PORT: "0" }, silent: true });
  const [message] = (await once(child, "message", { signal: AbortSignal.timeout(20_000) })) as [
    { url: string },
  ];
  return {
    url: message.url,
    pid: child.pid ?? 0,
    async stop(): Promise<void> {
      const exit = once(child, "exit", { signal: AbortSignal.timeout(3000) });
      child.kill("SIGTERM");
      await exit.catch(() => child.kill("SIGKILL"));
    },
  };
}
