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
const slowMs = 1000;
const restMs = 5000;

/**
 * Queues accepted predictions that nobody has: their job was never added, or Redis has lost it. Decides from state,
 * claim and age, never from a job's absence. One process at a time.
 */
export function openReconciler(
  { db, transport, log }: { db: Db; transport: ApiTransport; log: Log },
  { intervalMs, minAgeMs }: ReconcilerOptions = { intervalMs: 5000, minAgeMs: 10_000 },
) {
  const queued = new Map<string, { at: number; mark: string }>();
  let running = Promise.resolve();
  let restUntil = 0;

  async function reconcile(): Promise<void> {
    const askedAt = Date.now();
    if (!(await transport.lease("reconcile", intervalMs * 3))) return;
    const now = Date.now();
    // A Cluster's master may have been replaced meanwhile: its connection stays, and workers have yet to say that they live.
    if (now - askedAt > slowMs) restUntil = now + restMs;
    if (!transport.steady() || now < restUntil) return;
    const unfinished = await listUnfinished(db, new Date(now - minAgeMs), batch);
    for (const { job, request, fence } of unfinished) {
      const last = queued.get(job.id);
      if (last && now - last.at < minAgeMs * 3) continue;
      if (await transport.isClaimed(job.id)) continue;
      // A job that waits its turn is fine; one that was taken and not claimed for so long is not.
      if (await transport.waits(job)) continue;
      if (last && (await transport.waits(job, last.mark))) continue;
      const sealed = job.request ?? (request && { sealed: request.toString("base64") });
      if (!sealed) continue;
      const again: PredictionJob = { ...job, request: sealed, replyTo: "", seedFence: fence };
      const mark = `q${now.toString(36)}`;
      await transport.addAgain(again, mark);
      queued.set(job.id, { at: now, mark });
      log.info({ predictionId: job.id, fence }, "A prediction that nobody had was queued again");
    }
    const known = new Set(unfinished.map(({ job }) => job.id));
    for (const id of queued.keys()) if (!known.has(id)) queued.delete(id);
  }

  const tick = () => {
    running = running.then(reconcile).catch((error: Error) => {
      restUntil = Date.now() + restMs;
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
