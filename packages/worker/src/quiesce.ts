import type { RedisConnection } from "@sluice/core/redis/open-redis";

export interface QuiesceOptions {
  redis: RedisConnection;
  /** Where the autoscaler says which revision serves. */
  key: string;
  /** `$ECS_CONTAINER_METADATA_URI_V4`. */
  metadataUri: string;
  onOutdated(): void;
  everyMs?: number;
}

/**
 * Tells when a newer revision serves. ECS sends no SIGTERM to a protected task, so one that always has work would
 * never be told to make room.
 */
export async function openQuiesce(options: QuiesceOptions) {
  const { redis, key, metadataUri, onOutdated, everyMs = 10_000 } = options;
  const own = await revisionOf(metadataUri);
  const timer = setInterval(async () => {
    const current = Number(await redis.get(key).catch(() => 0));
    if (own === undefined || !(current > own)) return;
    clearInterval(timer);
    onOutdated();
  }, everyMs);
  timer.unref();
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
