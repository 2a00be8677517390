import { setTimeout as sleep } from "node:timers/promises";
import { HandedBack } from "@sluice/engine/retrieval/index-documents";
import { type Job, WaitingError, Worker } from "bullmq";
import type { SealedValue, Seals } from "../object-store/sealed-value.ts";
import { prefixOf, type QueueSettings } from "../prediction/prediction-queue.ts";
import type { RedisConnection } from "../redis/open-redis.ts";
import { sealUpsertEnd, type UpsertHandler, type UpsertJob } from "./upsert.ts";
import { upsertQueueName } from "./upsert-queue.ts";

/** How long a worker is believed after its last word; half as often others look. What it had begins anew elsewhere. */
const lockMs = 30_000;
const handBackMs = 5000;

/** Takes upserts, a few at a time. An upsert has no middle to go on from: one that is given back begins anew. */
export function consumeUpserts(
  connection: RedisConnection,
  settings: QueueSettings & { concurrency: number },
  seals: Seals,
  handle: UpsertHandler,
) {
  const inHand = new Map<string, AbortController>();
  let draining = false;

  async function giveBack(job: Job<UpsertJob>, token: string | undefined): Promise<never> {
    await job.moveToWait(token);
    throw new WaitingError();
  }

  const worker = new Worker<UpsertJob, SealedValue>(
    upsertQueueName(settings),
    async (job, token) => {
      if (draining) return giveBack(job, token);
      const stop = new AbortController();
      inHand.set(job.data.id, stop);
      try {
        const end = await handle(job.data, stop.signal);
        return await sealUpsertEnd(seals, job.data.id, end);
      } catch (error) {
        if (stop.signal.reason instanceof HandedBack) return await giveBack(job, token);
        throw error;
      } finally {
        inHand.delete(job.data.id);
      }
    },
    {
      connection,
      prefix: prefixOf(settings),
      concurrency: settings.concurrency,
      lockDuration: lockMs,
      stalledInterval: settings.frugal ? 300_000 : lockMs / 2,
      maxStalledCount: 2,
      // A job wakes it at once; asking oftener would only cost commands.
      drainDelay: 30,
      skipVersionCheck: true,
    },
  );
  worker.on("error", () => {});
  // Somebody else may have it by now: what is written twice is the same, but only one may take it out again.
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) inHand.get(id)?.abort(new HandedBack());
  });

  return {
    running: (): number => inHand.size,
    /** Takes nothing new; waits for what is in hand, `timeoutMs` at most, then gives it back. */
    async drain(timeoutMs: number): Promise<void> {
      draining = true;
      await worker.pause(true);
      await idle(timeoutMs);
      for (const stop of inHand.values()) stop.abort(new HandedBack());
      await idle(handBackMs);
    },
    close: (): Promise<void> => worker.close(true),
  };

  async function idle(timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    while (inHand.size > 0 && Date.now() < until) await sleep(50);
  }
}
export type UpsertConsumer = ReturnType<typeof consumeUpserts>;
