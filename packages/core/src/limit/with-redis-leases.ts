import type { RedisKeys } from "../prediction/redis-keys.ts";
import type { WorkerTransport } from "../prediction/transport.ts";
import type { RedisConnection } from "../redis/open-redis.ts";
import { holdsLeases } from "./holds-leases.ts";
import { leaseTiming } from "./lease.ts";
import { openRedisPresence } from "./presence.ts";
import { openRedisLeases } from "./redis-leases.ts";

/** A worker's transport that holds the places of what it runs. `redis` has to be the connection that events go by. */
export async function withRedisLeases<T extends WorkerTransport>(
  transport: T,
  redis: RedisConnection,
  keys: RedisKeys,
  { frugal, graceMs }: { frugal: boolean; graceMs: number },
): Promise<T> {
  const { pulseMs, leaseMs } = leaseTiming(frugal);
  const leases = await openRedisLeases({ redis }, keys, leaseMs);
  const presence = openRedisPresence(redis, keys, { leaseMs, graceMs });
  return holdsLeases(transport, { leases, presence, pulseMs });
}
