import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openRedisCache } from "@sluice/core/cache/redis-cache";
import { credentialKeyFromText, ensureCredentialKey } from "@sluice/core/credential/credential-key";
import { openDatabase } from "@sluice/core/database/open-database";
import { databaseOptions } from "@sluice/core/database-settings";
import { openRedisIntake } from "@sluice/core/limit/redis-intake";
import { withRedisLeases } from "@sluice/core/limit/with-redis-leases";
import { openLog } from "@sluice/core/log";
import { openRedisMcpToolCache } from "@sluice/core/mcp/redis-mcp-tool-cache";
import { openObjectStore } from "@sluice/core/object-store/open-object-store";
import { defaultPublisherSettings } from "@sluice/core/prediction/event-publisher";
import { openPredictionQueue } from "@sluice/core/prediction/prediction-queue";
import { redisKeys } from "@sluice/core/prediction/redis-keys";
import { openRedisWorkerTransport } from "@sluice/core/prediction/redis-worker-transport";
import { queueSettings } from "@sluice/core/queue-settings";
import { reportRights } from "@sluice/core/redis/check-rights";
import { openConnections } from "@sluice/core/redis/open-connections";
import { redisSettings } from "@sluice/core/redis/redis-settings";
import { readSettings } from "@sluice/core/settings";
import { openTracingOf } from "@sluice/core/tracing/open-tracing-of";
import { consumeUpserts } from "@sluice/core/upsert/consume-upserts";
import { runtimeVariableFrom } from "@sluice/core/variable/runtime-variable";
import { openCapacity } from "./capacity.ts";
import { Config } from "./config.ts";
import { serveHealth } from "./health.ts";
import { openWorkerMetrics } from "./metrics.ts";
import { openRunner } from "./open-runner.ts";
import { openQuiesce } from "./quiesce.ts";
import { refusalLog } from "./refusal-log.ts";
import { logRuns } from "./run-log.ts";
import { openTaskProtection } from "./task-protection.ts";

/** A slower pulse, and events gathered for longer. */
const frugal = {
  heartbeatMs: 5000,
  publisher: { ...defaultPublisherSettings, tickMs: 50, maxMergeMs: 250 },
};

try {
  await main();
} catch (error) {
  process.stderr.write(`sluice worker: ${(error as Error).message}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const config = readSettings(Config, process.env);
  if (process.env.MODE !== undefined && config.MODE !== "queue")
    throw new Error(
      "MODE=main: a worker needs MODE=queue; in main mode the API runs predictions itself",
    );
  const log = openLog(config.LOG_LEVEL, "worker");
  const redis = redisSettings(config);
  for (const warning of redis.warnings) log.warn({}, warning);
  const connections = openConnections(redis, log);
  const database = openDatabase(databaseOptions(config));
  const credentialKey = config.FLOWISE_SECRETKEY_OVERWRITE
    ? await credentialKeyFromText(config.FLOWISE_SECRETKEY_OVERWRITE)
    : await once("the database is migrated", () => ensureCredentialKey(database.db));
  const keys = redisKeys(config.QUEUE_NAME);
  const queue = queueSettings(config, redis);
  reportRights(connections.producer, queue, log);
  const producer = openPredictionQueue(connections.producer, queue);
  const transport = await openRedisWorkerTransport(connections, producer, keys, {
    queue,
    capacity: config.WORKER_CAPACITY,
    ceiling: config.WORKER_CONCURRENCY,
    ...(config.REDIS_PROFILE === "frugal" && frugal),
    onHandBack: (jobs) => log.info({ jobs }, "Predictions handed back"),
    onRefused: refusalLog(log),
  });
  const metrics = config.ENABLE_METRICS ? await openWorkerMetrics(config) : undefined;
  const tracing = await openTracingOf(config, "worker", log);
  const objects = await openObjectStore(config);
  const runner = openRunner({
    database,
    credentialKey,
    objects,
    transport: await withRedisLeases(transport, connections.command, keys, {
      frugal: config.REDIS_PROFILE === "frugal",
      graceMs: config.DISCONNECT_GRACE_SECONDS * 1000,
    }),
    settings: config,
    environment: runtimeVariableFrom(process.env),
    log,
    mcpToolCache: openRedisMcpToolCache(connections.producer, keys),
    cache: openRedisCache(connections.producer, keys),
    tracing,
    metrics: config.ECS_AGENT_URI ? logRuns(log, metrics?.runs) : metrics?.runs,
    ...codeChild(),
  });
  const intake = await openRedisIntake(connections, keys);
  intake.onChange(runner.onChange);
  runner.start();
  const upserts = consumeUpserts(
    connections.blocking,
    { ...queue, concurrency: config.UPSERT_CONCURRENCY },
    { key: credentialKey, objects },
    runner.upsert,
  );
  const capacity = openCapacity({
    initial: config.WORKER_CAPACITY,
    ceiling: config.WORKER_CONCURRENCY,
    running: transport.running,
    apply: transport.setCapacity,
  });
  metrics?.watch({ running: transport.running, capacity: capacity.current });
  const readiness = async () => {
    const [redisReady] = await Promise.all([transport.ready(), database.pool.query("select 1")]);
    return redisReady ? [] : ["redis"];
  };
  const host = config.HOST ?? "0.0.0.0";
  const health = await serveHealth(config.WORKER_PORT, host, readiness, metrics?.scrape);
  const url = `http://127.0.0.1:${health.port}`;
  log.info({ url, workerId: transport.workerId }, "Worker ready");
  process.send?.({ type: "ready", url, readyMs: Math.round(performance.now()) });

  const protection = config.ECS_AGENT_URI
    ? openTaskProtection({
        agentUri: config.ECS_AGENT_URI,
        running: () => transport.running() + upserts.running(),
        minutes: Math.ceil(config.PREDICTION_TIMEOUT_SECONDS / 60) + 10,
        log,
      })
    : undefined;

  let stopping = false;
  const stop = async (reason: string, timeoutSeconds = config.WORKER_STOP_TIMEOUT_SECONDS) => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, "Worker stops");
    // Whatever hangs, such as a Redis that takes commands and answers none.
    setTimeout(() => process.exit(1), (timeoutSeconds + 10) * 1000).unref();
    capacity.close();
    quiesce?.close();
    const timeoutMs = timeoutSeconds * 1000;
    await Promise.all([transport.drain(timeoutMs), upserts.drain(timeoutMs)]);
    await protection?.close();
    await transport.close();
    await upserts.close();
    await runner.close();
    await tracing?.close();
    await health.close();
    await producer.close();
    await connections.close();
    await database.close();
    process.exit(0);
  };
  const quiesce = config.ECS_CONTAINER_METADATA_URI_V4
    ? await openQuiesce({
        redis: connections.command,
        keys,
        ready: async () => !stopping && (await transport.ready()),
        metadataUri: config.ECS_CONTAINER_METADATA_URI_V4,
        // Protected, it has as long as a prediction may take.
        onOutdated: () => void stop("a newer revision serves", config.PREDICTION_TIMEOUT_SECONDS),
      })
    : undefined;
  process.once("SIGTERM", () => void stop("SIGTERM"));
  process.once("SIGINT", () => void stop("SIGINT"));
  // A worker that was started by a parent does not outlive it.
  process.once("disconnect", () => process.exit(1));
}

/** The API or the deploy migrates; a worker that is quicker waits for that, a minute at most. */
async function once<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  for (let left = 60; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw new Error(`waited in vain until ${what}: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** In a bundle the sandbox's child is a file beside this one. */
function codeChild(): { codeChildFile?: URL } {
  return import.meta.url.endsWith(".ts")
    ? {}
    : { codeChildFile: pathToFileURL(join(import.meta.dirname, "code-child.js")) };
}
