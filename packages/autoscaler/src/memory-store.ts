import type { RedisConnection } from "@sluice/core/redis/open-redis";
import { z } from "zod";
import type { Memory } from "./desired-count.ts";

const Stored = z.object({
  calmSinceMs: z.number().optional(),
  peak: z.number(),
  busyAtMs: z.number(),
});
const keptForMs = 3_600_000;

/** The autoscaler's memory, kept where the next holder of the lease finds it. */
export function openMemoryStore(redis: RedisConnection, key: string) {
  return {
    async load(): Promise<Memory | undefined> {
      const text = await redis.get(key);
      const parsed = text ? Stored.safeParse(JSON.parse(text)) : undefined;
      if (!parsed?.success) return undefined;
      return { ...parsed.data, calmSinceMs: parsed.data.calmSinceMs };
    },
    async save(memory: Memory): Promise<void> {
      await redis.set(key, JSON.stringify(memory), "PX", keptForMs);
    },
  };
}
