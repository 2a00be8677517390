import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The launcher's end of the watchdog. */
export interface Guard {
  /** Has `pid` ended when the launcher is gone. */
  watch(pid: number, stage: 1 | 2, signal: NodeJS.Signals): void;
  /** Call when `pid` has ended: its number may soon be another's. */
  forget(pid: number): void;
  close(): void;
}

/** Starts the watchdog in a session of its own, out of reach of Ctrl-C and of the terminal's end. */
export function openGuard(): Guard {
  const child = spawn(process.execPath, [fileURLToPath(new URL("watchdog.ts", import.meta.url))], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: {},
  });
  const { stdin } = child;
  // Without a watchdog the orderly ways to stop still work.
  child.once("error", () => {});
  stdin.once("error", () => {});
  child.unref();
  const tell = (line: string) => {
    if (stdin.writable) stdin.write(`${line}\n`);
  };
  return {
    watch: (pid, stage, signal) => tell(`watch ${pid} ${stage} ${signal}`),
    forget: (pid) => tell(`forget ${pid}`),
    close: () => stdin.end(),
  };
}
