import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { expect, inject, onTestFinished, test } from "vitest";
import { openLogTailer } from "./log-tailer.ts";
import { redisKeys } from "./redis-keys.ts";

test("readers of one prediction get what each misses, wherever the others are", async () => {
  const redis = new Redis(inject("redisUrl"));
  const keys = redisKeys(`tail-${randomUUID().slice(0, 8)}`);
  const tailer = openLogTailer(redis, keys);
  onTestFinished(() => {
    tailer.close();
    redis.disconnect();
  });
  const id = "prd_1";
  const ids = ["1-1", "1-2", "1-3", "1-4"];
  for (const entry of ids)
    await redis.xadd(keys.log(id), entry, "e", JSON.stringify([{ id: entry, event: {} }]));

  const seen: Record<string, string[]> = {};
  const follow = (name: string, after: string | undefined) =>
    tailer.tail(id, after, (entries) => {
      seen[name] = [...(seen[name] ?? []), ...entries.map((entry) => entry.id)];
    });
  follow("ahead", "1-2");
  follow("new", undefined);
  follow("behind", "1-1");
  await expect.poll(() => seen).toEqual({ ahead: ids.slice(2), new: ids, behind: ids.slice(1) });
});
