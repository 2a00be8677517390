import { openPredictionQueue } from "../../packages/core/src/prediction/prediction-queue.ts";
import { openRedis, type RedisConnection } from "../../packages/core/src/redis/open-redis.ts";
import { redisSettings } from "../../packages/core/src/redis/redis-settings.ts";
import { CommonSettings } from "../../packages/core/src/settings.ts";

/** A connection of the test's own; `disconnect` ends it. */
export function connectRedis(url: string): RedisConnection {
  const settings = redisSettings(CommonSettings.parse({ REDIS_URL: url }));
  const redis = openRedis(settings, "consumer", { warn: () => {} });
  redis.on("error", () => {});
  return redis;
}

/** The queue of a split, seen from beside it. */
export const openQueue = (connection: RedisConnection, name: string) =>
  openPredictionQueue(connection, {
    name,
    cluster: false,
    removeOnAgeS: 3600,
    removeOnCount: 1000,
    maxEvents: 1000,
  });
