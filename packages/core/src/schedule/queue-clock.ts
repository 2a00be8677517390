import { Queue, Worker } from "bullmq";
import { prefixOf, type QueueSettings } from "../prediction/prediction-queue.ts";
import type { RedisConnection } from "../redis/open-redis.ts";
import type { OnFiring, ScheduleClock } from "./schedule-clock.ts";

interface Firing {
  flowId: string;
}

const schedulerId = (flowId: string) => `schedule:${flowId}`;

/** Schedules as BullMQ job schedulers on the queue `<name>-schedule`: one firing a tick, however many processes listen. */
export function openQueueClock(
  connections: { producer: RedisConnection; blocking: RedisConnection },
  settings: QueueSettings,
  onFiring: OnFiring,
): ScheduleClock {
  const name = `${settings.name}-schedule`;
  const prefix = prefixOf(settings);
  const queue = new Queue<Firing>(name, {
    connection: connections.producer,
    prefix,
    skipVersionCheck: true,
  });
  const worker = new Worker<Firing>(
    name,
    async (job) => {
      // The time it was due, not the time it was taken: that is what makes a firing one.
      const dueAt = job.opts.delay ? job.timestamp + job.opts.delay : job.timestamp;
      await onFiring(job.data.flowId, new Date(Math.round(dueAt / 1000) * 1000));
    },
    { connection: connections.blocking, prefix, concurrency: 5, skipVersionCheck: true },
  );
  // The connections' owner reports.
  queue.on("error", () => {});
  worker.on("error", () => {});
  return {
    async set({ flow_id: flowId, cron, timezone, ends_at: endsAt, enabled }) {
      if (!enabled) return this.unset(flowId);
      await queue.upsertJobScheduler(
        schedulerId(flowId),
        { pattern: cron, tz: timezone, ...(endsAt && { endDate: endsAt }) },
        {
          name: "firing",
          data: { flowId },
          opts: { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } },
        },
      );
    },
    async unset(flowId) {
      await queue.removeJobScheduler(schedulerId(flowId));
    },
    async close() {
      await worker.close(true);
      await queue.close();
    },
  };
}
