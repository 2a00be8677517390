import type { Log } from "@sluice/core/log";
import type { RedisKeys } from "@sluice/core/prediction/redis-keys";
import type { RedisConnection } from "@sluice/core/redis/open-redis";
import { type AutoscalerSettings, policyOf } from "./config.ts";
import { openEcsService } from "./ecs-service.ts";
import { type Autoscaler, openAutoscaler } from "./open-autoscaler.ts";

/** The autoscaler that the settings ask for; undefined when they name no service. */
export function autoscalerOf(
  settings: AutoscalerSettings,
  parts: {
    redis: RedisConnection;
    keys: RedisKeys;
    queue: { name: string; cluster: boolean };
    log: Log;
  },
): Autoscaler | undefined {
  const { AUTOSCALER_CLUSTER: cluster, AUTOSCALER_SERVICE: service } = settings;
  if (!cluster || !service) return undefined;
  return openAutoscaler({
    ...parts,
    service: openEcsService({ cluster, service }),
    policy: policyOf(settings),
    standardCapacity: settings.WORKER_CAPACITY,
    acts: settings.AUTOSCALER_ACTS,
    everyMs: settings.AUTOSCALER_EVERY_SECONDS * 1000,
  });
}
