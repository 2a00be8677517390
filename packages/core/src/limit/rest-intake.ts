import type { RedisKeys } from "../prediction/redis-keys.ts";
import { openRestRedis } from "../redis/upstash-rest.ts";
import { admitCalls, admitScript } from "./admit-script.ts";
import { changeKinds, type Intake } from "./intake.ts";

/**
 * Limits and changes on the same keys as {@link openRedisIntake}, over Upstash's REST API. It hears of no changes; the
 * epochs that come with each admission tell a cache that it is behind.
 */
export function openRestIntake(url: string, token: string, keys: RedisKeys): Intake {
  const redis = openRestRedis(url, token);
  const calls = admitCalls(keys);
  const script = redis.createScript<number[]>(admitScript);
  return {
    async admit(limits) {
      const { keys: names, args } = calls.request(limits);
      // By its hash; the text travels once, when Redis does not know it.
      return calls.read(await script.exec(names, args), limits.length);
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
