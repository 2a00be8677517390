import { type Autoscaler, autoscalerOf } from "@sluice/autoscaler/autoscaler-of";
import { wakeOf, wakesFleet } from "@sluice/autoscaler/wake";
import type { CredentialKey } from "@sluice/core/credential/credential-key";
import type { OpenDatabase } from "@sluice/core/database/open-database";
import type { Intake } from "@sluice/core/limit/intake";
import { leaseTiming } from "@sluice/core/limit/lease";
import { openPlacedTransport, type PlacedTransport } from "@sluice/core/limit/placed-transport";
import { openRedisPresence, type Presence } from "@sluice/core/limit/presence";
import { openRedisIntake } from "@sluice/core/limit/redis-intake";
import { openRedisLeases } from "@sluice/core/limit/redis-leases";
import { openRestIntake } from "@sluice/core/limit/rest-intake";
import type { Log } from "@sluice/core/log";
import type { RunMetrics } from "@sluice/core/metrics/run-metrics";
import type { ObjectStore } from "@sluice/core/object-store/object-store";
import type { BoardQueue } from "@sluice/core/prediction/open-board-queue";
import { openPredictionQueue } from "@sluice/core/prediction/prediction-queue";
import { type FleetReading, readFleet } from "@sluice/core/prediction/read-fleet";
import { openRedisApiTransport } from "@sluice/core/prediction/redis-api-transport";
import { redisKeys } from "@sluice/core/prediction/redis-keys";
import { queueSettings } from "@sluice/core/queue-settings";
import { reportRights } from "@sluice/core/redis/check-rights";
import { type Connections, openConnections } from "@sluice/core/redis/open-connections";
import { redisSettings } from "@sluice/core/redis/redis-settings";
import { openQueueClock } from "@sluice/core/schedule/queue-clock";
import type { OnFiring, ScheduleClock } from "@sluice/core/schedule/schedule-clock";
import type { Tracing } from "@sluice/core/tracing/tracing";
import type { Upserts } from "@sluice/core/upsert/upsert";
import { openUpsertQueue } from "@sluice/core/upsert/upsert-queue";
import { cancelPrediction } from "./cancel-prediction.ts";
import type { Config } from "./config.ts";

export interface ModeOptions {
  config: Config;
  log: Log;
  database: OpenDatabase;
  credentialKey: CredentialKey;
  objects: ObjectStore;
  environment: (name: string) => string | undefined;
  /** Told of predictions that run in this process. */
  metrics?: RunMetrics | undefined;
  tracing?: Tracing | undefined;
}

/** How this process's predictions get to be executed. */
export interface Mode {
  transport: PlacedTransport;
  /** Who is connected for predictions that end with their callers. */
  presence: Presence;
  intake: Intake;
  upserts: Upserts;
  /** Backlog and capacity now. */
  fleet(): Promise<FleetReading>;
  /** Tells when schedules fire. */
  openClock(onFiring: OnFiring): ScheduleClock;
  /** Where there are queues of BullMQ's: what their dashboard shows. */
  openBoardQueues?(): Promise<BoardQueue[]>;
  close(timeoutMs: number): Promise<void>;
}

export interface QueueMode extends Mode {
  connections: Connections;
  /** Undefined where no service is named. */
  autoscaler: Autoscaler | undefined;
}

/** Predictions go to workers through Redis; the process that is told of their service also sees to its size. */
export async function openQueueMode({
  config,
  log,
  database,
  credentialKey,
  objects,
}: ModeOptions): Promise<QueueMode> {
  const redis = redisSettings(config);
  for (const warning of redis.warnings) log.warn({}, warning);
  const connections = openConnections(redis, log);
  const keys = redisKeys(config.QUEUE_NAME);
  const settings = queueSettings(config, redis);
  reportRights(connections.producer, settings, log);
  const queue = openPredictionQueue(connections.producer, settings);
  const plain = await openRedisApiTransport(connections, queue, keys);
  const intake = config.UPSTASH_REDIS_REST_URL
    ? openRestIntake(config.UPSTASH_REDIS_REST_URL, config.UPSTASH_REDIS_REST_TOKEN ?? "", keys)
    : await openRedisIntake(connections, keys);
  const autoscaler = autoscalerOf(config, { ...connections, keys, queue: settings, log });
  const wake = wakeOf(config, connections.producer, keys);
  const waits = config.AUTOSCALER_FUNCTION !== undefined;
  const seals = { key: credentialKey, objects };
  const upserts = openUpsertQueue(connections.producer, settings, seals, () => {
    wake?.().catch(() => {}); // they look at their next turn anyway
  });
  const woken = wake
    ? wakesFleet(plain, { redis: connections.producer, keys, wake, waits })
    : plain;
  const { pulseMs, leaseMs } = leaseTiming(config.REDIS_PROFILE === "frugal");
  const { producer, subscriber } = connections;
  const leases = await openRedisLeases({ redis: producer, subscriber }, keys, leaseMs);
  const transport: PlacedTransport = openPlacedTransport(woken, leases, {
    pulseMs,
    onInterrupt: (id) => cancelPrediction({ db: database.db, transport, objects }, id),
  });
  const graceMs = config.DISCONNECT_GRACE_SECONDS * 1000;
  return {
    transport,
    presence: openRedisPresence(producer, keys, { leaseMs, graceMs }),
    intake,
    connections,
    autoscaler,
    upserts,
    fleet: () => readFleet(connections.producer, keys, settings),
    openClock: (onFiring) => openQueueClock(connections, settings, onFiring),
    async openBoardQueues() {
      const { openBoardQueues } = await import("@sluice/core/prediction/open-board-queue");
      return openBoardQueues(connections.producer, settings);
    },
    async close() {
      await autoscaler?.close();
      await upserts.close();
      await transport.close();
      await connections.close();
    },
  };
}
