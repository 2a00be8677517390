import type { Log } from "@sluice/core/log";
import type { RedisKeys } from "@sluice/core/prediction/redis-keys";
import type { RedisConnection } from "@sluice/core/redis/open-redis";
import { type AutoscalerSettings, policyOf } from "./config.ts";
import type { EcsOptions, WorkerService } from "./ecs-service.ts";
import { type Autoscaler, openAutoscaler } from "./open-autoscaler.ts";

export type { Autoscaler } from "./open-autoscaler.ts";

/** The autoscaler that the settings ask for, at work; undefined when they name no service. */
export function autoscalerOf(
  settings: AutoscalerSettings,
  parts: {
    command: RedisConnection;
    subscriber: RedisConnection;
    keys: RedisKeys;
    queue: { name: string; cluster: boolean };
    log: Log;
  },
): Autoscaler | undefined {
  const { AUTOSCALER_CLUSTER: cluster, AUTOSCALER_SERVICE: service } = settings;
  if (!cluster || !service) return undefined;
  const autoscaler = openAutoscaler({
    ...parts,
    redis: parts.command,
    service: lazyEcsService({ cluster, service, endpoint: settings.AUTOSCALER_ENDPOINT }),
    policy: policyOf(settings),
    standardCapacity: settings.WORKER_CAPACITY,
    acts: settings.AUTOSCALER_ACTS,
    everyMs: settings.AUTOSCALER_EVERY_SECONDS * 1000,
  });
  autoscaler.start();
  return autoscaler;
}

/** An API process that scales nothing does not carry the SDK. */
function lazyEcsService(options: EcsOptions): WorkerService {
  let opened: Promise<WorkerService> | undefined;
  const service = () => {
    opened ??= import("./ecs-service.ts").then(({ openEcsService }) => openEcsService(options));
    return opened;
  };
  return {
    read: async () => (await service()).read(),
    setDesired: async (count) => (await service()).setDesired(count),
  };
}
