import { randomUUID } from "node:crypto";
import type { RedisKeys } from "../prediction/redis-keys.ts";
import type { Admission, Limit } from "./intake.ts";

const replicaSeconds = 30;
const tellReplicaMs = 10_000;

/**
 * All limits of one request, and the epochs. First all are looked at, then, if all pass, all are written.
 * KEYS: epochs, replicas, then one per limit. ARGV: this replica ('' = not told again yet), then per limit its kind
 * ('w' or 'r'), its size (max or burst) and its length (window in ms, or interval in µs).
 * Returns {seconds, microseconds, three epochs, replicas, then per limit passed, remaining, ms to reset, ms to retry}.
 */
export const admitScript = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local epochs = redis.call('HMGET', KEYS[1], 'flow', 'key', 'configuration')
local result = {tonumber(time[1]), tonumber(time[2])}
for i = 1, 3 do result[i + 2] = tonumber(epochs[i] or '0') end
result[6] = 0
if ARGV[1] ~= '' then
  redis.call('ZADD', KEYS[2], time[1] + ${replicaSeconds}, ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', time[1])
  redis.call('EXPIRE', KEYS[2], ${2 * replicaSeconds})
  result[6] = redis.call('ZCARD', KEYS[2])
end
local function limit(i) return ARGV[3 * i - 7], tonumber(ARGV[3 * i - 6]), tonumber(ARGV[3 * i - 5]) end
local used, all = {}, true
for i = 3, #KEYS do
  local kind, size, length = limit(i)
  local stored = tonumber(redis.call('GET', KEYS[i]) or '0')
  if kind == 'r' then
    -- A debt that a slower rate of old has left is forgiven down to a full burst of this one.
    stored = math.min(math.max(stored, now), now + size * length)
    if stored + length - size * length > now then all = false end
  elseif stored + 1 > size then all = false end
  used[i] = stored
end
for i = 3, #KEYS do
  local kind, size, length = limit(i)
  local passed, remaining, reset, retry
  if kind == 'r' then
    local wait = used[i] + length - size * length - now
    passed = wait <= 0
    if all then
      used[i] = used[i] + length
      redis.call('SET', KEYS[i], string.format('%.0f', used[i]), 'PX', math.ceil((used[i] - now) / 1000))
    end
    remaining = passed and math.floor((now + size * length - used[i]) / length) or 0
    reset = math.ceil((used[i] - now) / 1000)
    retry = passed and 0 or math.ceil(wait / 1000)
  else
    passed = used[i] + 1 <= size
    if all or not passed then used[i] = redis.call('INCR', KEYS[i]) end
    reset = redis.call('PTTL', KEYS[i])
    if reset < 0 then
      reset = length
      if used[i] > 0 then redis.call('PEXPIRE', KEYS[i], length) end
    end
    remaining = math.max(0, math.floor(size - used[i]))
    retry = passed and 0 or reset
  end
  local at = #result
  result[at + 1], result[at + 2], result[at + 3], result[at + 4] = passed and 1 or 0, remaining, reset, retry
end
return result
`;

/** What the script is asked and answers, for whatever carries it. */
export function admitCalls(keys: RedisKeys, now: () => number = Date.now) {
  const replica = randomUUID();
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    request(limits: Limit[]): { keys: string[]; args: string[] } {
      const due = now() - toldAt > tellReplicaMs;
      if (due) toldAt = now();
      const args = [due ? replica : ""];
      for (const limit of limits)
        if (limit.kind === "rate") args.push("r", String(limit.burst), String(limit.intervalUs));
        else args.push("w", String(limit.max), String(limit.windowMs));
      const names = limits.map(({ name }) => keys.limit(name));
      return { keys: [keys.epochs, keys.replicas, ...names], args };
    },
    read(reply: number[], count: number): Admission {
      const [seconds = 0, micros = 0, flow = 0, key = 0, configuration = 0, replicas = 0] = reply;
      const states = Array.from({ length: count }, (_, i) => {
        const [passed, remaining = 0, resetMs = 0, retryMs = 0] = reply.slice(6 + 4 * i);
        return { passed: passed === 1, remaining, resetMs, retryMs };
      });
      return {
        at: seconds * 1000 + Math.floor(micros / 1000),
        epochs: { flow, key, configuration },
        states,
        ...(replicas > 0 && { replicas }),
      };
    },
  };
}
