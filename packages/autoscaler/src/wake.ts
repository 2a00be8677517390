import type { PredictionJob } from "@sluice/core/prediction/prediction";
import type { RedisKeys } from "@sluice/core/prediction/redis-keys";
import type { ApiTransport } from "@sluice/core/prediction/transport";
import type { RedisConnection } from "@sluice/core/redis/open-redis";

export interface WakeOptions {
  redis: RedisConnection;
  keys: RedisKeys;
  /** Makes the autoscaler look now. */
  wake(): Promise<unknown>;
  checkEveryMs?: number;
}

/** One call in so long, over all processes. */
const quietForMs = 20_000;

/** Has the autoscaler look at once when a prediction finds no worker, instead of at its next turn. */
export function wakesFleet(transport: ApiTransport, options: WakeOptions): ApiTransport {
  const { redis, keys, wake, checkEveryMs = 2000 } = options;
  let checkedAt = 0;

  async function check(): Promise<void> {
    if (Date.now() - checkedAt < checkEveryMs) return;
    checkedAt = Date.now();
    if ((await redis.scard(keys.workers)) > 0) return;
    const mine = await redis.set(keys.lease("wake"), "1", "PX", quietForMs, "NX");
    if (mine) await wake();
  }

  return {
    ...transport,
    async add(job: PredictionJob) {
      await transport.add(job);
      // Whether the fleet wakes now or at the next turn is no affair of the caller's.
      void check().catch(() => {});
    },
  };
}
