import { setTimeout as sleep } from "node:timers/promises";
import { linkedSettings } from "@sluice/core/linked-settings";
import { openLog } from "@sluice/core/log";
import { redisKeys } from "@sluice/core/prediction/redis-keys";
import { queueSettings } from "@sluice/core/queue-settings";
import { openRedis } from "@sluice/core/redis/open-redis";
import { redisSettings } from "@sluice/core/redis/redis-settings";
import { CommonSettings, countSetting, readSettings } from "@sluice/core/settings";
import { z } from "zod";
import { autoscalerSettings, policyOf } from "./config.ts";
import { openEcsService } from "./ecs-service.ts";

import { openAutoscaler } from "./open-autoscaler.ts";

const Config = z.object({
  ...CommonSettings.shape,
  ...autoscalerSettings,
  /** How long one invocation goes on looking; 0 looks once. */
  AUTOSCALER_TURN_SECONDS: countSetting(45, 0),
});

let opened: ReturnType<typeof open> | undefined;

/** One turn of the scheduled autoscaler; a wake of the API's is a turn that looks once. */
export async function handler(event: { wake?: boolean }): Promise<void> {
  opened ??= open().catch((error) => {
    opened = undefined;
    throw error;
  });
  const { autoscaler, config } = await opened;
  const until = Date.now() + (event.wake ? 0 : config.AUTOSCALER_TURN_SECONDS * 1000);
  await autoscaler.tick();
  while (Date.now() + config.AUTOSCALER_EVERY_SECONDS * 1000 <= until) {
    await sleep(config.AUTOSCALER_EVERY_SECONDS * 1000);
    await autoscaler.tick();
  }
}

async function open() {
  const config = readSettings(Config, { ...process.env, ...(await linkedSettings(process.env)) });
  const { AUTOSCALER_CLUSTER: cluster, AUTOSCALER_SERVICE: service } = config;
  if (!cluster || !service)
    throw new Error("AUTOSCALER_CLUSTER and AUTOSCALER_SERVICE name the service to scale");
  const log = openLog(config.LOG_LEVEL, "autoscaler");
  const redis = redisSettings(config);
  const autoscaler = openAutoscaler({
    redis: openRedis(redis, "producer", log),
    keys: redisKeys(config.QUEUE_NAME),
    queue: queueSettings(config, redis),
    service: openEcsService({ cluster, service }),
    policy: policyOf(config),
    standardCapacity: config.WORKER_CAPACITY,
    everyMs: config.AUTOSCALER_EVERY_SECONDS * 1000,
    log,
  });
  return { autoscaler, config };
}
