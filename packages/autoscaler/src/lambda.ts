import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "@sluice/core/database/open-database";
import { databaseOptions } from "@sluice/core/database-settings";
import { linkedSettings } from "@sluice/core/linked-settings";
import { openLog } from "@sluice/core/log";
import { openPredictionQueue } from "@sluice/core/prediction/prediction-queue";
import { openReconciler } from "@sluice/core/prediction/reconciler";
import { openRedisApiTransport } from "@sluice/core/prediction/redis-api-transport";
import { redisKeys } from "@sluice/core/prediction/redis-keys";
import { queueSettings } from "@sluice/core/queue-settings";
import { openConnections } from "@sluice/core/redis/open-connections";
import { redisSettings } from "@sluice/core/redis/redis-settings";
import { CommonSettings, countSetting, readSettings } from "@sluice/core/settings";
import { z } from "zod";
import { autoscalerOf } from "./autoscaler-of.ts";
import { autoscalerSettings } from "./config.ts";

const Config = z.object({
  ...CommonSettings.shape,
  ...autoscalerSettings,
  /** How long one invocation goes on looking; 0 looks once. */
  AUTOSCALER_TURN_SECONDS: countSetting(45, 0),
});

/**
 * One turn of the scheduled autoscaler: looks at the fleet until the next turn begins, and queues accepted predictions
 * that nobody has. A wake looks once.
 */
export async function handler(event: { wake?: boolean } = {}): Promise<void> {
  const config = readSettings(Config, { ...process.env, ...(await linkedSettings(process.env)) });
  const log = openLog(config.LOG_LEVEL, "autoscaler");
  const redis = redisSettings(config);
  const queue = queueSettings(config, redis);
  const keys = redisKeys(config.QUEUE_NAME);
  // Opened for each turn: a function that slept between two of them would find its sockets dead.
  const connections = openConnections(redis, log);
  const autoscaler = autoscalerOf(config, { redis: connections.command, keys, queue, log });
  try {
    if (!autoscaler)
      throw new Error("AUTOSCALER_CLUSTER and AUTOSCALER_SERVICE name the service to scale");
    const until = Date.now() + config.AUTOSCALER_TURN_SECONDS * 1000;
    const everyMs = config.AUTOSCALER_EVERY_SECONDS * 1000;
    await autoscaler.tick();
    if (event.wake) return;
    const reconciler = await openReconciliation();
    while (Date.now() + everyMs <= until) {
      await sleep(everyMs);
      await autoscaler.tick();
    }
    await reconciler.close();
  } finally {
    await autoscaler?.close();
    await connections.close();
  }

  async function openReconciliation() {
    const database = openDatabase({ ...databaseOptions(config), maxConnections: 1 });
    const producer = openPredictionQueue(connections.producer, queue);
    const transport = await openRedisApiTransport(connections, producer, keys);
    const reconciler = openReconciler({ db: database.db, transport, log });
    return {
      async close(): Promise<void> {
        await reconciler.close();
        await transport.close();
        await database.close();
      },
    };
  }
}
