import type { McpToolCache } from "@sluice/engine/tools/mcp/mcp";
import { defineScript } from "../prediction/redis-scripts.ts";
import type { RedisConnection } from "../redis/open-redis.ts";

const maxLists = 200;
const maxListCharacters = 131_072;

/**
 * Keeps a list and lets the oldest go where there are too many.
 * KEYS: index of all lists. ARGV: prefix of their keys, hash, list, expiry (ms), most lists
 */
const keepScript = `
local time = redis.call('TIME')
redis.call('SET', ARGV[1] .. ARGV[2], ARGV[3], 'PX', ARGV[4])
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local surplus = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[5])
if surplus > 0 then
  for _, hash in ipairs(redis.call('ZRANGE', KEYS[1], 0, surplus - 1)) do redis.call('DEL', ARGV[1] .. hash) end
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, surplus - 1)
end
`;

/** Lists of MCP servers' tools that all workers share, at most 200 at a time; longer ones stay with the worker that asked. */
export function openRedisMcpToolCache(
  redis: RedisConnection,
  { mcpTools }: { mcpTools: string },
): McpToolCache {
  const keep = defineScript(redis, "sluiceKeepMcpTools", keepScript);
  const prefix = `${mcpTools}:`;
  return {
    get: async (key) => (await redis.get(prefix + key)) ?? undefined,
    async set(key, value, ttlMs) {
      if (value.length > maxListCharacters) return;
      await keep(1, mcpTools, prefix, key, value, ttlMs, maxLists);
    },
  };
}
