import { redisPlace } from "../redis-place.ts";
import type { Services } from "../services.ts";
import type { AnswerCache } from "./chat-parts.ts";

type Used = Pick<Services, "cache" | "redis" | "credential">;

/** What all workers know of one flow; nothing where the process has no such cache. */
export const flowCache = ({ cache }: Used, bucket: string): AnswerCache => ({
  kind: "cache",
  read: async (names) => (await cache?.read(bucket, names)) ?? names.map(() => undefined),
  write: async (entries) => cache?.write(bucket, entries),
});

/** A Redis of the author's own. A cache that is away costs a question to the model, not the answer. */
export async function redisCacheOf(
  services: Used,
  credentialId: string | undefined,
  options: { prefix: string; ttlSeconds: number | undefined },
): Promise<AnswerCache> {
  const { redis: clients } = services;
  if (!clients) throw new Error("Redis cannot be reached from here");
  const place = redisPlace(await services.credential(credentialId ?? ""));
  const key = (name: string) => `${options.prefix}:${name}`;
  const expiry = options.ttlSeconds ? ["EX", String(options.ttlSeconds)] : [];
  return {
    kind: "cache",
    async read(names, signal) {
      if (names.length === 0) return [];
      try {
        const [values] = await clients.call(place, [["MGET", ...names.map(key)]], signal);
        return (values as (string | null)[]).map((value) => value ?? undefined);
      } catch {
        signal.throwIfAborted();
        return names.map(() => undefined);
      }
    },
    async write(entries, signal) {
      const commands = entries.map(([name, value]) => ["SET", key(name), value, ...expiry]);
      await clients.call(place, commands, signal).catch(() => signal.throwIfAborted());
    },
  };
}
