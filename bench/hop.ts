import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Queue, QueueEvents } from "bullmq";
import { type Distribution, distribution, round } from "./distribution.ts";
import { per1000 } from "./load.ts";
import { cpuBetween, readUsage, type Watched } from "./process-usage.ts";

export interface HopReport {
  perS: number;
  latencyMs: Distribution;
  failed: number;
  cpuSPer1000: Record<string, number>;
}

export interface HopOptions {
  redisUrl: string;
  callers: number;
  warmUpMs: number;
  durationMs: number;
  watched: Watched;
}

const queueName = "bench-hop";
// About the size of a sealed request.
const payload = { pad: "x".repeat(1000) };
const answerWithinMs = 10_000;

/** The bare queue: BullMQ's `add` here, an empty worker in a process of its own, the result by `QueueEvents`. */
export async function measureHop(options: HopOptions): Promise<HopReport> {
  const { redisUrl, callers, warmUpMs, durationMs } = options;
  const consumer = fork(fileURLToPath(new URL("hop-consumer.ts", import.meta.url)), [queueName], {
    env: { ...process.env, REDIS_URL: redisUrl },
  });
  const connection = { url: redisUrl };
  const queue = new Queue(queueName, { connection });
  const events = new QueueEvents(queueName, { connection });
  queue.setMaxListeners(0);
  events.setMaxListeners(0);
  queue.on("error", () => {});
  events.on("error", () => {});
  try {
    await Promise.all([
      once(consumer, "message", { signal: AbortSignal.timeout(10_000) }),
      events.waitUntilReady(),
    ]);
    await rounds(queue, events, callers, warmUpMs);
    const watched = { ...options.watched, consumer: consumer.pid ?? 0 };
    const before = readUsage(watched);
    const startedAt = performance.now();
    const { latencies, failed } = await rounds(queue, events, callers, durationMs);
    const seconds = (performance.now() - startedAt) / 1000;
    const cpu = cpuBetween(before, readUsage(watched));
    return {
      perS: round(latencies.length / seconds, 1),
      latencyMs: distribution(latencies),
      failed,
      cpuSPer1000: per1000(cpu, latencies.length),
    };
  } finally {
    consumer.kill("SIGKILL");
    await queue.obliterate({ force: true }).catch(() => {});
    await Promise.all([queue.close(), events.close()]);
  }
}

async function rounds(queue: Queue, events: QueueEvents, callers: number, durationMs: number) {
  const latencies: number[] = [];
  let failed = 0;
  const until = performance.now() + durationMs;
  const caller = async () => {
    while (performance.now() < until) {
      const startedAt = performance.now();
      try {
        // Some are kept: a result that is removed before it is looked for counts as missing.
        const job = await queue.add("hop", payload, { removeOnComplete: { count: 2000 } });
        await job.waitUntilFinished(events, answerWithinMs);
        latencies.push(performance.now() - startedAt);
      } catch {
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { latencies, failed };
}
