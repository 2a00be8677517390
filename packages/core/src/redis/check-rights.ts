import { explainRedisError } from "../doctor/connection-error.ts";
import { prefixOf, type QueueSettings } from "../prediction/prediction-queue.ts";
import { redisKeys } from "../prediction/redis-keys.ts";
import type { RedisConnection } from "./open-redis.ts";

type QueuePlace = Pick<QueueSettings, "name" | "cluster">;

/** Uses one of everything that the queue needs, and changes nothing. Rejects with what Redis says. */
export async function tryRights(redis: RedisConnection, queue: QueuePlace): Promise<void> {
  const keys = redisKeys(queue.name);
  await redis.eval("return redis.call('EXISTS', KEYS[1])", 1, keys.epochs);
  await redis.eval("return redis.call('TIME')", 0);
  await redis.multi().exists(keys.workers).publish(keys.inboxChannel("nobody"), "").exec();
  await redis.eval(
    "return redis.call('XLEN', KEYS[1])",
    1,
    `${prefixOf(queue)}:${queue.name}-prediction:events`,
  );
}

interface ErrorLog {
  error(fields: object, message: string): void;
}

/** Says at start what the user of a connection may not do: later each prediction would stumble over it. */
export function reportRights(redis: RedisConnection, queue: QueuePlace, log: ErrorLog): void {
  const look = () =>
    tryRights(redis, queue).catch((error: Error) => {
      if (!error.message.includes("NOPERM")) return;
      const { message, remedy } = explainRedisError(error);
      log.error({ reason: error.message, remedy }, `Redis cannot be used: ${message}`);
    });
  if (redis.status === "ready") void look();
  else redis.once("ready", () => void look());
}
