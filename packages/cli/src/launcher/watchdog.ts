import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Outlives the launcher by a moment: when the pipe from it ends, whatever ended it, the processes
 * still on the list are ended, those of stage 1 (API, workers) before those of stage 2 (Redis, Postgres).
 * Lines: `watch <pid> <stage> <signal>`, `forget <pid>`.
 */
const watched = new Map<number, { stage: number; signal: NodeJS.Signals }>();

let rest = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const [verb, pid, stage, signal] = line.split(" ");
    if (verb === "watch")
      watched.set(Number(pid), { stage: Number(stage), signal: signal as NodeJS.Signals });
    else watched.delete(Number(pid));
  }
}
for (const stage of [1, 2]) await endStage(stage);

async function endStage(stage: number): Promise<void> {
  const members = [...watched].filter(([, entry]) => entry.stage === stage);
  for (const [pid, { signal }] of members) send(pid, signal);
  const deadline = Date.now() + 5000;
  while (members.some(([pid]) => isRunning(pid)) && Date.now() < deadline) await delay(50);
  for (const [pid] of members) send(pid, "SIGKILL");
}

/** A process that has ended and is not yet reaped still takes signals: in a container that may be for ever. */
function isRunning(pid: number): boolean {
  if (!send(pid, 0)) return false;
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return process.platform !== "linux";
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
