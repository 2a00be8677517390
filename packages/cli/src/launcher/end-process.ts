import type { ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

/** How a child ended, in words: "exit code 1", "SIGKILL". */
export function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/** Ends a child: the polite signal, and SIGKILL when the grace is over. */
export async function endProcess(
  child: ChildProcess,
  exit: Promise<string>,
  options: { signal: NodeJS.Signals; graceMs: number },
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(options.signal);
  const grace = new AbortController();
  const ended = await Promise.race([
    exit.then(() => true),
    delay(options.graceMs, false, { signal: grace.signal }).catch(() => true),
  ]);
  grace.abort();
  if (!ended) child.kill("SIGKILL");
  await exit;
}
