import type { RedisKeys } from "@sluice/core/prediction/redis-keys";
import type { RedisConnection } from "@sluice/core/redis/open-redis";

export interface QuiesceOptions {
  redis: RedisConnection;
  keys: Pick<RedisKeys, "lease">;
  /** This worker can take a prediction now. */
  ready(): Promise<boolean>;
  /** `$ECS_CONTAINER_METADATA_URI_V4`. */
  metadataUri: string;
  onOutdated(): void;
  everyMs?: number;
}

/**
 * Tells when a newer revision serves: the autoscaler says which one that is, and a worker of it is ready now. ECS sends no
 * SIGTERM to a protected task, so one that always has work would never be told to make room.
 */
export async function openQuiesce(options: QuiesceOptions) {
  const { redis, keys, ready, metadataUri, onOutdated, everyMs = 10_000 } = options;
  const own = await revisionOf(metadataUri);
  const readyKey = (revision: number) => keys.lease(`revision-ready:${revision}`);
  const timer = setInterval(() => void look().catch(() => {}), everyMs);
  timer.unref();
  let told = false;

  async function look(): Promise<void> {
    if (own === undefined || told) return;
    if (await ready()) await redis.set(readyKey(own), own, "PX", 3 * everyMs);
    const current = Number(await redis.get(keys.lease("revision")));
    if (!(current > own) || (await redis.exists(readyKey(current))) === 0 || told) return;
    told = true;
    clearInterval(timer);
    onOutdated();
  }

  return { close: (): void => clearInterval(timer) };
}

async function revisionOf(metadataUri: string): Promise<number | undefined> {
  try {
    const response = await fetch(`${metadataUri}/task`, { signal: AbortSignal.timeout(2000) });
    const { Revision } = (await response.json()) as { Revision?: string };
    const revision = Number(Revision);
    return revision > 0 ? revision : undefined;
  } catch {
    return undefined;
  }
}
