import { closeRedis, openRedis, type RedisLog } from "./open-redis.ts";
import type { RedisSettings } from "./redis-settings.ts";

/** A process's connections to Redis: what callers wait for, what waits for jobs, what listens. */
export function openConnections(settings: RedisSettings, log: RedisLog) {
  const producer = openRedis(settings, "producer", log);
  const command = openRedis(settings, "consumer", log);
  const blocking = openRedis(settings, "consumer", log);
  const subscriber = openRedis(settings, "subscriber", log);
  const all = [producer, command, blocking, subscriber];
  return {
    producer,
    command,
    blocking,
    subscriber,
    async close(): Promise<void> {
      await Promise.all(all.map(closeRedis));
    },
  };
}
export type Connections = ReturnType<typeof openConnections>;
