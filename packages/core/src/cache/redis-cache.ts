import type { SharedCache } from "@sluice/engine/shared-cache";
import type { RedisKeys } from "../prediction/redis-keys.ts";
import type { RedisConnection } from "../redis/open-redis.ts";

const maxEntries = 1000;
const maxValueBytes = 64 * 1024;
/** A flow that is not asked for so long has forgotten. */
const keepSeconds = 30 * 24 * 3600;

// Makes room by forgetting any, so that no bucket grows without bound.
const write = `
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
local over = redis.call('HLEN', KEYS[1]) - tonumber(ARGV[1])
if over > 0 then
  local names = redis.call('HRANDFIELD', KEYS[1], over)
  for _, name in ipairs(names) do redis.call('HDEL', KEYS[1], name) end
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return over`;

/** One hash for each bucket, found by every worker of a deployment. */
export function openRedisCache(
  redis: RedisConnection,
  keys: RedisKeys,
  limit: { maxEntries: number } = { maxEntries },
): SharedCache {
  return {
    async read(bucket, names) {
      if (names.length === 0) return [];
      try {
        const values = await redis.hmget(keys.cache(bucket), ...names);
        return values.map((value) => value ?? undefined);
      } catch {
        return names.map(() => undefined);
      }
    },
    async write(bucket, entries) {
      const fitting = entries.filter(([, value]) => Buffer.byteLength(value) <= maxValueBytes);
      for (let from = 0; from < fitting.length; from += 100) {
        const batch = fitting.slice(from, from + 100).flat();
        await redis
          .eval(write, 1, keys.cache(bucket), limit.maxEntries, keepSeconds, ...batch)
          .catch(() => {});
      }
    },
  };
}
