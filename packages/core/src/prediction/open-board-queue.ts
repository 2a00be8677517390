import { Queue } from "bullmq";
import type { RedisConnection } from "../redis/open-redis.ts";
import { prefixOf, type QueueSettings } from "./prediction-queue.ts";

/** The queues that workers take from, as a dashboard of BullMQ's takes them. The connection belongs to the caller. */
export const openBoardQueues = (
  connection: RedisConnection,
  settings: QueueSettings,
): BoardQueue[] =>
  ["prediction", "upsertion"].map((kind) => {
    const queue = new Queue(`${settings.name}-${kind}`, {
      connection,
      prefix: prefixOf(settings),
      skipVersionCheck: true,
    });
    queue.on("error", () => {}); // the connection's owner reports
    return queue;
  });
export type BoardQueue = Queue;
