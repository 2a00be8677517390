import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, onTestFinished, test } from "vitest";
import { redisKeys } from "../packages/core/src/prediction/redis-keys.ts";
import { openQuiesce } from "../packages/worker/src/quiesce.ts";
import { until } from "./client.ts";
import { connectRedis } from "./faults/redis-client.ts";

const everyMs = 40;
const keys = redisKeys(`test-quiesce-${process.pid}`);

/** A worker of a revision, as its task's metadata say it. */
async function worker(revision: number, redis: ReturnType<typeof connectRedis>) {
  const metadata = createServer((_, response) =>
    response.end(JSON.stringify({ Revision: String(revision) })),
  );
  await new Promise<void>((resolve) => metadata.listen(0, "127.0.0.1", resolve));
  const metadataUri = `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`;
  const state = { ready: true, outdated: 0 };
  const ready = async () => state.ready;
  const onOutdated = () => void state.outdated++;
  const quiesce = await openQuiesce({ redis, keys, ready, metadataUri, onOutdated, everyMs });
  onTestFinished(() => {
    quiesce.close();
    metadata.close();
  });
  return state;
}

test("a worker makes room once a newer revision serves, and only while a ready worker of it is there", async () => {
  const redis = connectRedis(inject("redisUrl"));
  onTestFinished(() => redis.disconnect());
  const old = await worker(3, redis);
  const young = await worker(4, redis);
  young.ready = false;
  await redis.set(keys.lease("revision"), 3, "EX", 60);
  await delay(4 * everyMs);
  await redis.set(keys.lease("revision"), 4, "EX", 60);
  // Said to serve, but nobody of it can take anything.
  await delay(6 * everyMs);
  expect([old.outdated, young.outdated]).toEqual([0, 0]);
  young.ready = true;
  await until(() => old.outdated > 0, 3000);
  await delay(4 * everyMs);
  expect([old.outdated, young.outdated]).toEqual([1, 0]);
});
