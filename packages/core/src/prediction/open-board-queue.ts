import { Queue } from "bullmq";
import type { RedisConnection } from "../redis/open-redis.ts";
import { prefixOf, type QueueSettings } from "./prediction-queue.ts";

/** The queue as a dashboard of BullMQ's takes it. The connection belongs to the caller. */
export function openBoardQueue(connection: RedisConnection, settings: QueueSettings): BoardQueue {
  const queue = new Queue(`${settings.name}-prediction`, {
    connection,
    prefix: prefixOf(settings),
    skipVersionCheck: true,
  });
  queue.on("error", () => {}); // the connection's owner reports
  return queue;
}
export type BoardQueue = Queue;
