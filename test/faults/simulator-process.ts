import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { end } from "../postgres-server.ts";

const main = fileURLToPath(new URL("../../packages/simulator/src/main.ts", import.meta.url));

/** The simulator as a process of its own, where it must not be late because a test is busy. */
export async function startSimulator(env: Record<string, string> = {}) {
  const child = fork(main, {
    env: { PATH: process.env.PATH ?? "", PORT: "0", ...env },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("message", (message: { url?: string }) => resolve(message.url ?? ""));
    child.once("exit", (code) => reject(new Error(`The simulator did not start: ${code}`)));
  });
  return { url, close: () => end(child, "SIGTERM") };
}
