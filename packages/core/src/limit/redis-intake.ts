import type { RedisKeys } from "../prediction/redis-keys.ts";
import type { RedisConnection } from "../redis/open-redis.ts";
import { type Change, type ChangeKind, changeKinds, type Intake } from "./intake.ts";

/**
 * KEYS: epochs, then one key per window. ARGV: per window its length in ms.
 * Returns {seconds, microseconds, epochs…, hits and ms left per window…}.
 */
export const admitScript = `
local time = redis.call('TIME')
local result = {tonumber(time[1]), tonumber(time[2])}
local epochs = redis.call('HMGET', KEYS[1], 'flow', 'key', 'configuration')
for i = 1, 3 do result[#result + 1] = tonumber(epochs[i] or '0') end
for i = 2, #KEYS do
  local hits = redis.call('INCR', KEYS[i])
  local left = redis.call('PTTL', KEYS[i])
  if left < 0 then
    left = tonumber(ARGV[i - 1])
    redis.call('PEXPIRE', KEYS[i], left)
  end
  result[#result + 1] = hits
  result[#result + 1] = left
end
return result
`;

/** Limits and changes shared by all processes on one Redis. */
export async function openRedisIntake(
  connections: { producer: RedisConnection; subscriber: RedisConnection },
  keys: RedisKeys,
): Promise<Intake> {
  const { producer, subscriber } = connections;
  const listeners: ((change: Change) => void)[] = [];
  producer.defineCommand("sluiceAdmit", { lua: admitScript });
  const admit = (
    producer as unknown as {
      sluiceAdmit(count: number, ...args: (string | number)[]): Promise<number[]>;
    }
  ).sluiceAdmit.bind(producer);
  subscriber.on("message", (channel: string, message: string) => {
    if (channel !== keys.changeChannel) return;
    const [kind, id = ""] = message.split(" ");
    for (const listener of listeners) listener({ kind: kind as ChangeKind, id });
  });
  await subscriber.subscribe(keys.changeChannel);
  return {
    async admit(windows) {
      const names = windows.map((window) => keys.limit(window.name));
      const lengths = windows.map((window) => window.windowMs);
      const [seconds = 0, micros = 0, flow = 0, key = 0, configuration = 0, ...counts] =
        await admit(1 + names.length, keys.epochs, ...names, ...lengths);
      return {
        at: seconds * 1000 + Math.floor(micros / 1000),
        epochs: { flow, key, configuration },
        windows: windows.map((_, i) => ({
          hits: counts[2 * i] ?? 0,
          resetMs: counts[2 * i + 1] ?? 0,
        })),
      };
    },
    async announce({ kind, id }) {
      if (!changeKinds.includes(kind)) throw new Error(`Unknown change ${kind}`);
      await producer
        .multi()
        .hincrby(keys.epochs, kind, 1)
        .publish(keys.changeChannel, `${kind} ${id}`)
        .exec();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
