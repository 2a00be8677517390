import type { QueueSettings } from "./prediction/prediction-queue.ts";
import type { RedisSettings } from "./redis/redis-settings.ts";
import type { CommonSettings } from "./settings.ts";

export const queueSettings = (settings: CommonSettings, redis: RedisSettings): QueueSettings => ({
  name: settings.QUEUE_NAME,
  cluster: redis.cluster,
  removeOnAgeS: settings.REMOVE_ON_AGE,
  removeOnCount: settings.REMOVE_ON_COUNT,
  frugal: settings.REDIS_PROFILE === "frugal",
  maxEvents: settings.QUEUE_REDIS_EVENT_STREAM_MAX_LEN,
});
