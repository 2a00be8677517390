import { prefixOf, type QueueSettings } from "../prediction/prediction-queue.ts";
import type { RedisConnection } from "../redis/open-redis.ts";
import { upsertQueueName } from "./upsert-queue.ts";

/** Upserts that wait or are at work: while there are any, some worker has to be there. */
export async function readOpenUpserts(
  redis: RedisConnection,
  settings: Pick<QueueSettings, "name" | "cluster">,
): Promise<number> {
  const queue = `${prefixOf(settings)}:${upsertQueueName(settings)}`;
  const [waiting, active] = await Promise.all([
    redis.llen(`${queue}:wait`),
    redis.llen(`${queue}:active`),
  ]);
  return waiting + active;
}
