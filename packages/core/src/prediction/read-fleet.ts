import type { RedisConnection } from "../redis/open-redis.ts";
import { prefixOf, type QueueSettings } from "./prediction-queue.ts";
import type { RedisKeys } from "./redis-keys.ts";

/** What the queue and the workers' heartbeats say. */
export interface FleetReading {
  /** Jobs that wait, those with a priority included; delayed ones are not. */
  waiting: number;
  /** Jobs that BullMQ counts as taken, those of dead workers included. */
  active: number;
  /** Jobs that were ever added, those that were there already included. */
  added: number;
  /** When the first in the queue was added; undefined when nobody waits. */
  oldestAtMs: number | undefined;
  /** Live workers that take predictions. */
  workers: { capacity: number; running: number }[];
}

/** Reads backlog and published capacity: nine commands, few enough for a Redis that bills each. */
export async function readFleet(
  redis: RedisConnection,
  keys: RedisKeys,
  settings: Pick<QueueSettings, "name" | "cluster">,
): Promise<FleetReading> {
  const queue = `${prefixOf(settings)}:${settings.name}-prediction`;
  const [wait, prioritized, active, added, first, preferred, ids] = await Promise.all([
    redis.llen(`${queue}:wait`),
    redis.zcard(`${queue}:prioritized`),
    redis.llen(`${queue}:active`),
    redis.get(`${queue}:id`),
    redis.lindex(`${queue}:wait`, -1),
    redis.zrange(`${queue}:prioritized`, "0", "0"),
    redis.smembers(keys.workers),
  ]);
  const oldest = [first, preferred[0]].filter((id) => typeof id === "string");
  const [timestamps, beats] = await Promise.all([
    Promise.all(oldest.map((id) => redis.hget(`${queue}:${id}`, "timestamp"))),
    ids.length > 0 ? redis.mget(...ids.map(keys.worker)) : [],
  ]);
  const times = timestamps.map(Number).filter((time) => time > 0);
  return {
    waiting: wait + prioritized,
    active,
    added: Number(added ?? 0),
    oldestAtMs: times.length > 0 ? Math.min(...times) : undefined,
    workers: beats.flatMap((beat) => {
      const worker = beat ? (JSON.parse(beat) as { capacity: number; running: number }) : undefined;
      return worker && worker.capacity > 0 ? [worker] : [];
    }),
  };
}
