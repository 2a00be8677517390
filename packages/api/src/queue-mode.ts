import type { CredentialKey } from "@sluice/core/credential/credential-key";
import type { OpenDatabase } from "@sluice/core/database/open-database";
import type { Intake } from "@sluice/core/limit/intake";
import { openRedisIntake } from "@sluice/core/limit/redis-intake";
import type { Log } from "@sluice/core/log";
import type { ObjectStore } from "@sluice/core/object-store/object-store";
import { openPredictionQueue } from "@sluice/core/prediction/prediction-queue";
import { openRedisApiTransport } from "@sluice/core/prediction/redis-api-transport";
import { redisKeys } from "@sluice/core/prediction/redis-keys";
import type { ApiTransport } from "@sluice/core/prediction/transport";
import { queueSettings } from "@sluice/core/queue-settings";
import { openConnections } from "@sluice/core/redis/open-connections";
import { redisSettings } from "@sluice/core/redis/redis-settings";
import type { Config } from "./config.ts";

export interface ModeOptions {
  config: Config;
  log: Log;
  database: OpenDatabase;
  credentialKey: CredentialKey;
  objects: ObjectStore;
  environment: (name: string) => string | undefined;
}

/** How this process's predictions get to be executed. */
export interface Mode {
  transport: ApiTransport;
  intake: Intake;
  close(timeoutMs: number): Promise<void>;
}

/** Predictions go to workers through Redis. */
export async function openQueueMode({ config, log }: ModeOptions): Promise<Mode> {
  const redis = redisSettings(config);
  for (const warning of redis.warnings) log.warn({}, warning);
  const connections = openConnections(redis, log);
  const keys = redisKeys(config.QUEUE_NAME);
  const queue = openPredictionQueue(connections.producer, queueSettings(config, redis));
  const transport = await openRedisApiTransport(connections, queue, keys);
  const intake = await openRedisIntake(connections, keys);
  return {
    transport,
    intake,
    async close() {
      await transport.close();
      await connections.close();
    },
  };
}
