import type { RedisKeys } from "../prediction/redis-keys.ts";
import { defineScript } from "../prediction/redis-scripts.ts";
import type { RedisConnection } from "../redis/open-redis.ts";

export interface Reader {
  predictionId: string;
  readerId: string;
}

/** Who is connected for predictions that are to end when nobody is. */
export interface Presence {
  /** Says that these are here, for as long as a lease lasts. */
  attend(readers: Reader[]): Promise<void>;
  /** Says that one has gone: the grace begins. */
  depart(reader: Reader): Promise<void>;
  /** One that has got what it came for; its leaving means nothing. */
  forget(reader: Reader): Promise<void>;
  /** For each prediction: true when all who were ever here have been gone for longer than the grace. */
  deserted(predictionIds: string[]): Promise<boolean[]>;
}

/** How long it is remembered that somebody was there. */
const rememberMs = 3600_000;

/** KEYS: readers of each prediction. ARGV: for how long (ms), then one reader for each */
const attendScript = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], now + tonumber(ARGV[1]), ARGV[i + 1])
  redis.call('PEXPIRE', KEYS[i], ${rememberMs})
end
`;
/** KEYS: readers of each prediction. ARGV: grace (ms) */
const desertedScript = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local result = {}
for i = 1, #KEYS do
  local last = redis.call('ZREVRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  result[i] = (last[2] and tonumber(last[2]) + tonumber(ARGV[1]) <= now) and 1 or 0
end
return result
`;

export interface PresenceTiming {
  leaseMs: number;
  graceMs: number;
}

export function openRedisPresence(
  redis: RedisConnection,
  keys: RedisKeys,
  { leaseMs, graceMs }: PresenceTiming,
): Presence {
  const attendCommand = defineScript(redis, "sluiceAttend", attendScript);
  const desertedCommand = defineScript(redis, "sluiceDeserted", desertedScript);
  const nameOf = (predictionId: string) => keys.lease(`readers:${predictionId}`);
  const until = (readers: Reader[], forMs: number) =>
    attendCommand(
      readers.length,
      ...readers.map(({ predictionId }) => nameOf(predictionId)),
      forMs,
      ...readers.map(({ readerId }) => readerId),
    );
  return {
    async attend(readers) {
      await until(readers, leaseMs);
    },
    async depart(reader) {
      await until([reader], 0);
    },
    async forget({ predictionId, readerId }) {
      await redis.zrem(nameOf(predictionId), readerId);
    },
    async deserted(ids) {
      const found = await desertedCommand(ids.length, ...ids.map(nameOf), graceMs);
      return (found as number[]).map((one) => one === 1);
    },
  };
}

/** Of a single process. */
export function openMemoryPresence({ leaseMs, graceMs }: PresenceTiming): Presence {
  const here = new Map<string, Map<string, number>>();
  const set = ({ predictionId, readerId }: Reader, until: number) => {
    const readers = here.get(predictionId) ?? new Map<string, number>();
    here.set(predictionId, readers.set(readerId, until));
  };
  const prune = () => {
    for (const [id, readers] of here)
      if (Math.max(...readers.values()) + rememberMs < Date.now()) here.delete(id);
  };
  return {
    async attend(readers) {
      for (const reader of readers) set(reader, Date.now() + leaseMs);
    },
    async depart(reader) {
      prune();
      set(reader, Date.now());
    },
    async forget({ predictionId, readerId }) {
      const readers = here.get(predictionId);
      readers?.delete(readerId);
      if (readers?.size === 0) here.delete(predictionId);
    },
    deserted: async (ids) =>
      ids.map((id) => {
        const readers = here.get(id);
        return !!readers && Math.max(...readers.values()) + graceMs <= Date.now();
      }),
  };
}
