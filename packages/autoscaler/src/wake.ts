import type { PredictionJob } from "@sluice/core/prediction/prediction";
import type { RedisKeys } from "@sluice/core/prediction/redis-keys";
import type { ApiTransport } from "@sluice/core/prediction/transport";
import type { RedisConnection } from "@sluice/core/redis/open-redis";

/** Heard by the process that holds the lease. */
export const wakeChannel = (keys: RedisKeys) => keys.lease("autoscaler-wake");

/** How this process wakes the fleet: by the scheduled function, or by word to whoever scales. */
export function wakeOf(
  settings: { AUTOSCALER_FUNCTION?: string | undefined; AUTOSCALER_SERVICE?: string | undefined },
  redis: RedisConnection,
  keys: RedisKeys,
): (() => Promise<unknown>) | undefined {
  const { AUTOSCALER_FUNCTION: name } = settings;
  if (name) return () => invoke(name);
  if (settings.AUTOSCALER_SERVICE) return () => redis.publish(wakeChannel(keys), "");
  return undefined;
}

async function invoke(name: string): Promise<void> {
  const { InvokeCommand, LambdaClient } = await import("@aws-sdk/client-lambda");
  const client = new LambdaClient({ maxAttempts: 2, requestHandler: { requestTimeout: 3000 } });
  const payload = Buffer.from(JSON.stringify({ wake: true }));
  await client.send(
    new InvokeCommand({ FunctionName: name, InvocationType: "Event", Payload: payload }),
  );
}

export interface WakeOptions {
  redis: RedisConnection;
  keys: RedisKeys;
  /** Makes the autoscaler look now. */
  wake(): Promise<unknown>;
  waits?: boolean;
  checkEveryMs?: number;
}

/** One call in so long, over all processes. */
const quietForMs = 20_000;

/** Has the autoscaler look at once when a prediction finds no worker, instead of at its next turn. */
export function wakesFleet(transport: ApiTransport, options: WakeOptions): ApiTransport {
  const { redis, keys, wake, waits = false, checkEveryMs = 2000 } = options;
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
      // Whether the fleet wakes now or at the next turn is no affair of the caller's. But a function that has
      // answered is frozen, and with it what it has not finished.
      const checked = check().catch(() => {});
      if (waits) await checked;
    },
  };
}
