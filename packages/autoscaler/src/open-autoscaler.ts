import type { Log } from "@sluice/core/log";
import { readFleet } from "@sluice/core/prediction/read-fleet";
import type { RedisKeys } from "@sluice/core/prediction/redis-keys";
import { openLease } from "@sluice/core/redis/open-lease";
import type { RedisConnection } from "@sluice/core/redis/open-redis";
import { readOpenUpserts } from "@sluice/core/upsert/read-open-upserts";
import type { Policy } from "./desired-count.ts";
import type { WorkerService } from "./ecs-service.ts";
import { openMemoryStore } from "./memory-store.ts";
import { type Scaled, scaleOnce } from "./scale-once.ts";
import { wakeChannel } from "./wake.ts";

export interface AutoscalerOptions {
  redis: RedisConnection;
  /** Where a wake is heard; without it the next turn sees what there is. */
  subscriber?: RedisConnection;
  keys: RedisKeys;
  queue: { name: string; cluster: boolean };
  service: WorkerService;
  policy: Policy;
  standardCapacity: number;
  acts?: boolean;
  /** Between two looks. */
  everyMs: number;
  log: Log;
}

const tickLimitMs = 20_000;

/** Keeps the service of workers as large as the work needs, while this process holds the lease. */
export function openAutoscaler(options: AutoscalerOptions) {
  const { redis, subscriber, keys, queue, service, policy, standardCapacity, acts, everyMs, log } =
    options;
  const lease = openLease(redis, keys.lease("autoscaler"), everyMs * 2 + tickLimitMs);
  const store = openMemoryStore(redis, keys.lease("autoscaler-memory"));
  const read = async () => {
    const [fleet, upserts] = await Promise.all([
      readFleet(redis, keys, queue),
      readOpenUpserts(redis, queue),
    ]);
    return { ...fleet, waiting: fleet.waiting + upserts };
  };
  let current: Promise<Scaled | undefined> | undefined;
  let again: NodeJS.Timeout | undefined;
  let closed = false;

  async function look(): Promise<Scaled | undefined> {
    if (!(await lease.take())) return undefined;
    const before = await store.load();
    const scaler = { service, read, policy, standardCapacity, ...(acts === false && { acts }) };
    const { scaled, memory, servingRevision } = await scaleOnce(scaler, before, Date.now());
    await store.save(memory);
    // Workers of older revisions make room when they read this.
    if (servingRevision) await redis.set(keys.lease("revision"), servingRevision, "EX", 86_400);
    // Metric filters of the deployment read this line: one for each look, whether something changed or not.
    log.info({ metric: "fleet", ...scaled }, "Fleet");
    return scaled;
  }

  /** One look now; a second call while one is under way shares it. Leaves the count as it is on any error. */
  function tick(): Promise<Scaled | undefined> {
    current ??= within(look(), tickLimitMs)
      .catch((error: Error) => {
        log.error({ reason: error.message }, "The fleet could not be scaled; its size stays");
        return undefined;
      })
      .finally(() => {
        current = undefined;
      });
    return current;
  }

  function plan(): void {
    if (closed) return;
    again = setTimeout(() => void tick().then(plan), everyMs);
    again.unref();
  }

  return {
    tick,
    /** Looks now and then every `everyMs`. */
    start(): void {
      if (subscriber) {
        subscriber.on("message", (channel: string) => {
          if (channel === wakeChannel(keys) && !closed) void tick();
        });
        subscriber.subscribe(wakeChannel(keys)).catch(() => {});
      }
      void tick().then(plan);
    },
    async close(): Promise<void> {
      closed = true;
      clearTimeout(again);
      await current;
      await lease.leave().catch(() => {});
    },
  };
}
export type Autoscaler = ReturnType<typeof openAutoscaler>;

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
