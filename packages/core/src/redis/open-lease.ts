import { randomUUID } from "node:crypto";
import type { RedisConnection } from "./open-redis.ts";

/** KEYS: lease. ARGV: holder, length in ms. Returns 1 when the lease is the holder's now. */
const takeScript = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;
const leaveScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** A role that one process at a time has. A holder that dies leaves it to the others after `lastsMs`. */
export function openLease(redis: RedisConnection, key: string, lastsMs: number) {
  const holder = randomUUID();
  return {
    /** Takes or keeps the role; false when another process has it. */
    take: async (): Promise<boolean> =>
      (await redis.eval(takeScript, 1, key, holder, lastsMs)) === 1,
    leave: async (): Promise<void> => {
      await redis.eval(leaveScript, 1, key, holder);
    },
  };
}
export type Lease = ReturnType<typeof openLease>;
