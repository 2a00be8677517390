import { spawn } from "node:child_process";
import { basename } from "node:path";
import { z } from "zod";
import { CliError } from "../command.ts";
import { endProcess, exitOf } from "./end-process.ts";
import type { Guard } from "./guard.ts";

/** What the API and a worker say over IPC when they can take work. */
const Ready = z.object({ type: z.literal("ready"), url: z.string(), readyMs: z.number() });

export interface NodeProcess {
  name: string;
  pid: number;
  url: string;
  readyMs: number;
  exit: Promise<string>;
  stop(graceMs: number): Promise<void>;
}

/** Starts a Node process and waits until it says that it is ready. */
export async function startNode(options: {
  name: string;
  entry: string;
  env: NodeJS.ProcessEnv;
  guard: Guard;
  deadlineMs: number;
  /** Descriptor that its output goes to; 2 is the launcher's stderr. */
  output: number;
}): Promise<NodeProcess> {
  const { name, entry, guard, output } = options;
  // A session of its own: Ctrl-C reaches the launcher alone, which ends its children in order.
  // Its stdout joins its stderr, because the launcher's stdout carries only the launcher's answer.
  const child = spawn(process.execPath, [entry], {
    env: options.env,
    detached: true,
    stdio: ["ignore", output, output, "ipc"],
  });
  const exit = exitOf(child);
  const { pid } = child;
  if (pid === undefined)
    throw new CliError(`${name} (${basename(entry)}) does not start: ${await exit}`);
  guard.watch(pid, 1, "SIGTERM");
  exit.then(() => guard.forget(pid));
  const stop = (graceMs: number) => endProcess(child, exit, { signal: "SIGTERM", graceMs });

  const ready = new Promise<z.infer<typeof Ready>>((resolve) => {
    child.on("message", (message) => {
      const parsed = Ready.safeParse(message);
      if (parsed.success) resolve(parsed.data);
    });
  });
  const ended = exit.then((how): never => {
    throw new CliError(`${name} stopped before it was ready (${how})`, {
      remedy: "Its last lines above say why.",
    });
  });
  // Heard only while waiting; later ends are the caller's affair.
  ended.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new CliError(`${name} was not ready within ${options.deadlineMs / 1000} s`)),
      options.deadlineMs,
    );
  });
  try {
    const { url, readyMs } = await Promise.race([ready, ended, late]);
    return { name, pid, url, readyMs, exit, stop };
  } catch (error) {
    await stop(2000);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
