import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import { AppError } from "../error.ts";
import type { SealedValue, Seals } from "../object-store/sealed-value.ts";
import { prefixOf, type QueueSettings } from "../prediction/prediction-queue.ts";
import type { RedisConnection } from "../redis/open-redis.ts";
import {
  answerGraceMs,
  dropUpsertRequest,
  takeUpsertEnd,
  type UpsertEnd,
  type UpsertJob,
  type Upserts,
} from "./upsert.ts";

/** Upserts that wait for a worker; a fleet that does not get there is not given more. */
const maxWaiting = 1000;
/** Ends are kept for callers only. */
const kept = { age: 3600, count: 1000 };
const firstPauseMs = 50;

export const upsertQueueName = ({ name }: Pick<QueueSettings, "name">): string =>
  `${name}-upsertion`;

/** The producer's side of the queue of upserts, `<name>-upsertion`. */
export function openUpsertQueue(
  connection: RedisConnection,
  settings: QueueSettings,
  seals: Seals,
  onAdded: () => void = () => {},
): Upserts {
  const queue = new Queue<UpsertJob, SealedValue>(upsertQueueName(settings), {
    connection,
    prefix: prefixOf(settings),
    skipVersionCheck: true,
  });
  queue.on("error", () => {}); // the connection's owner reports
  const maxPauseMs = settings.frugal ? 5000 : 500;
  let closed = false;

  async function add(job: UpsertJob): Promise<void> {
    if ((await queue.getWaitingCount()) >= maxWaiting)
      throw new AppError("unavailable", `${maxWaiting} upserts wait already; try again later`);
    await queue.add("upsert", job, {
      jobId: job.id,
      attempts: 3,
      backoff: { type: "exponential", delay: 1000 },
      removeOnComplete: kept,
      removeOnFail: kept,
    });
    onAdded();
  }

  /** Undefined while it goes on. */
  async function look(job: UpsertJob): Promise<UpsertEnd | undefined> {
    const state = await queue.getJobState(job.id);
    if (state === "unknown")
      return unavailable("The upsert is no longer in the queue: send it again");
    if (state === "failed") return unavailable("The upsert could not be run: send it again");
    if (state !== "completed") return undefined;
    const done = await queue.getJob(job.id);
    return done?.returnvalue && takeUpsertEnd(seals, job.id, done.returnvalue);
  }

  async function queued(job: UpsertJob): Promise<void> {
    try {
      await add(job);
    } catch (cause) {
      await dropUpsertRequest(seals, job);
      if (cause instanceof AppError) throw cause;
      const words = "Upserts cannot be taken right now; try again in a moment";
      throw new AppError("unavailable", words, { cause });
    }
  }

  return {
    async run(job) {
      await queued(job);
      // Asking misses nothing, whatever happens to Redis meanwhile, and upserts are few.
      const until = job.deadlineAt + answerGraceMs;
      for (let pauseMs = firstPauseMs; Date.now() < until && !closed; ) {
        await sleep(pauseMs);
        const end = await look(job).catch(() => undefined);
        if (end) {
          // Its worker has done so, if one has run it to its end.
          if ("error" in end) await dropUpsertRequest(seals, job);
          return end;
        }
        pauseMs = Math.min(pauseMs * 1.3, maxPauseMs);
      }
      return undefined;
    },
    async close() {
      closed = true;
      await queue.close();
    },
  };
}

const unavailable = (message: string): UpsertEnd => ({ error: { code: "unavailable", message } });
