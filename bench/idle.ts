import { setTimeout as delay } from "node:timers/promises";
import { readUsage } from "./process-usage.ts";
import { startSplit } from "./split.ts";

export interface IdleReport {
  readyMs: { api: number; worker: number };
  residentMb: Record<string, number>;
}

const settleMs = 3000;

/** Starts everything, leaves it alone for a moment and looks at what it takes. */
export async function measureIdle(bundled: boolean): Promise<IdleReport> {
  const split = await startSplit({ bundled });
  try {
    await delay(settleMs);
    const { residentMb } = readUsage(split.watched);
    const { api, workers } = split.report;
    return { readyMs: { api: api.readyMs, worker: workers[0]?.readyMs ?? 0 }, residentMb };
  } finally {
    await split.stop();
  }
}
