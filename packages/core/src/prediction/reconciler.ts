import type { Db } from "../database/open-database.ts";
import type { Log } from "../log.ts";
import { listUnfinished } from "./accepted-prediction.ts";
import type { PredictionJob } from "./prediction.ts";
import type { ApiTransport } from "./transport.ts";

interface ReconcilerOptions {
  intervalMs: number;
  /** Younger predictions are left alone: their job may still be on its way. */
  minAgeMs: number;
}

const batch = 200;

/**
 * Queues accepted predictions that nobody has: their job was never added, or Redis has lost it. Decides from state,
 * claim and age, never from a job's absence. One process at a time.
 */
export function openReconciler(
  { db, transport, log }: { db: Db; transport: ApiTransport; log: Log },
  { intervalMs, minAgeMs }: ReconcilerOptions = { intervalMs: 5000, minAgeMs: 10_000 },
) {
  const queuedAt = new Map<string, number>();
  let running = Promise.resolve();

  async function reconcile(): Promise<void> {
    if (!(await transport.lease("reconcile", intervalMs * 3))) return;
    const now = Date.now();
    const unfinished = await listUnfinished(db, new Date(now - minAgeMs), batch);
    const open = new Set((await transport.open(1000)).map(({ job }) => job.id));
    for (const { job, request, fence } of unfinished) {
      // A job that waits its turn is fine; so is one that was queued again a moment ago.
      if (open.has(job.id) || now - (queuedAt.get(job.id) ?? 0) < minAgeMs * 3) continue;
      if (await transport.isClaimed(job.id)) continue;
      const sealed = job.request ?? (request && { sealed: request.toString("base64") });
      if (!sealed) continue;
      const again: PredictionJob = { ...job, request: sealed, replyTo: "", seedFence: fence };
      await transport.addAgain(again, `q${now.toString(36)}`);
      queuedAt.set(job.id, now);
      log.info({ predictionId: job.id, fence }, "A prediction that nobody had was queued again");
    }
    const known = new Set(unfinished.map(({ job }) => job.id));
    for (const id of queuedAt.keys()) if (!known.has(id)) queuedAt.delete(id);
  }

  const tick = () => {
    running = running.then(reconcile).catch((error: Error) => {
      log.warn({ reason: error.message }, "Predictions could not be reconciled; trying again");
    });
  };
  const timer = setInterval(tick, intervalMs);
  timer.unref();
  tick();
  return {
    async close(): Promise<void> {
      clearInterval(timer);
      await running;
    },
  };
}
