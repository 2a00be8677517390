import type { RedisConnection } from "../redis/open-redis.ts";
import type { PredictionJob } from "./prediction.ts";
import { jobIdOf, type PredictionQueue } from "./prediction-queue.ts";
import type { RedisKeys } from "./redis-keys.ts";

interface HeartbeatOptions {
  workerId: string;
  intervalMs: number;
  report(): { capacity: number; running: number };
  /** Called after each beat that has arrived. */
  onBeat?(): void;
  /** Called with the reason of each that Redis did not take. */
  onRefused?(error: Error): void;
}

/** A heartbeat counts for three intervals. */
const lifetimes = 3;

/**
 * Says that this worker is alive, and hands over the work of one that is not. Nobody is taken for dead until
 * live workers have had time to say that they are here again after Redis was away.
 */
export function openHeartbeat(
  redis: RedisConnection,
  keys: RedisKeys,
  queue: PredictionQueue,
  { workerId, intervalMs, report, onBeat, onRefused }: HeartbeatOptions,
) {
  let lastBeatAt = 0;
  let steadySince = Date.now();
  let closed = false;
  let beating: Promise<void> = Promise.resolve();

  async function beat(): Promise<void> {
    // The first one waits for the connection: nothing is claimed before it.
    if (redis.status !== "ready" && lastBeatAt > 0) {
      steadySince = Date.now() + intervalMs;
      return;
    }
    const now = Date.now();
    if (now - lastBeatAt > lifetimes * intervalMs) steadySince = now;
    await redis
      .multi()
      .set(keys.worker(workerId), JSON.stringify(report()), "PX", lifetimes * intervalMs)
      .sadd(keys.workers, workerId)
      .exec();
    lastBeatAt = Date.now();
    onBeat?.();
    if (now - steadySince > lifetimes * intervalMs) await reap();
  }

  async function reap(): Promise<void> {
    const workers = await redis.smembers(keys.workers);
    for (const other of workers) {
      if (other === workerId || (await redis.exists(keys.worker(other)))) continue;
      const mine = await redis.set(keys.lease(`reap:${other}`), workerId, "PX", 10_000, "NX");
      if (mine) await handOver(other);
    }
  }

  async function handOver(dead: string): Promise<void> {
    // The dead worker's own jobs stay active until BullMQ notices; second ones need not wait for that.
    const again = (job: PredictionJob) => queue.add(job, `${jobIdOf(job)}-r${dead}`);
    const jobIds = await redis.smembers(keys.inHand(dead));
    for (const jobId of jobIds) {
      const job = await queue.find(jobId);
      if (job) await again(job);
    }
    // What it had taken from the queue and not yet claimed is in nobody's hand.
    for (const job of await queue.active(1000)) {
      const [worker, ended] = await redis.hmget(keys.claim(job.id), "worker", "ended");
      if (!ended && !(worker && (await redis.exists(keys.worker(worker))))) await again(job);
    }
    await redis.multi().del(keys.inHand(dead)).srem(keys.workers, dead).exec();
  }

  const timer = setInterval(() => {
    beating = beating.then(beat).catch((error: Error) => {
      steadySince = Date.now() + intervalMs;
      onRefused?.(error);
    });
  }, intervalMs);
  const begun = beat().catch(() => {});
  beating = begun;

  return {
    /** Resolves when others can see that this worker is alive. */
    begun,
    /** False when no heartbeat has arrived for a while. */
    beating: () => closed || Date.now() - lastBeatAt < lifetimes * intervalMs,
    async close(): Promise<void> {
      closed = true;
      clearInterval(timer);
      await beating;
      await redis
        .multi()
        .del(keys.worker(workerId))
        .srem(keys.workers, workerId)
        .exec()
        .catch(() => {});
    },
  };
}
