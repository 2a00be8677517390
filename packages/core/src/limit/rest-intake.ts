import type { RedisKeys } from "../prediction/redis-keys.ts";
import { openRestRedis } from "../redis/upstash-rest.ts";
import { changeKinds, type Intake } from "./intake.ts";
import { admitScript } from "./redis-intake.ts";

/**
 * Limits and changes on the same keys as {@link openRedisIntake}, over Upstash's REST API. It hears of no changes; the
 * epochs that come with each admission tell a cache that it is behind.
 */
export function openRestIntake(url: string, token: string, keys: RedisKeys): Intake {
  const redis = openRestRedis(url, token);
  return {
    async admit(windows) {
      const names = windows.map((window) => keys.limit(window.name));
      const lengths = windows.map((window) => String(window.windowMs));
      const [seconds = 0, micros = 0, flow = 0, key = 0, configuration = 0, ...counts] =
        await redis.eval<string[], number[]>(admitScript, [keys.epochs, ...names], lengths);
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
      await redis
        .multi()
        .hincrby(keys.epochs, kind, 1)
        .publish(keys.changeChannel, `${kind} ${id}`)
        .exec();
    },
    onChange() {},
  };
}
