import { credentialKeyFromText, ensureCredentialKey } from "@sluice/core/credential/credential-key";
import type { OpenDatabase } from "@sluice/core/database/open-database";
import { openPostgresClients } from "@sluice/core/database/open-postgres-clients";
import { vectorDefaults } from "@sluice/core/database-settings";
import { openKnowledge } from "@sluice/core/document-store/open-knowledge";
import { openAwayIntake } from "@sluice/core/limit/away-intake";
import { keepAnnouncing } from "@sluice/core/limit/keep-announcing";
import { leaseTiming } from "@sluice/core/limit/lease";
import { limitPolicies } from "@sluice/core/limit/limit-settings";
import type { Log } from "@sluice/core/log";
import { openObjectStore } from "@sluice/core/object-store/open-object-store";
import { openRedisClients } from "@sluice/core/redis/open-redis-clients";
import type { Tracing } from "@sluice/core/tracing/tracing";
import { openWebhookDispatcher } from "@sluice/core/webhook/dispatcher";
import { webhookSecret } from "@sluice/core/webhook/signature";
import { addressPolicy } from "@sluice/engine/http/address-policy";
import { openGuardedFetch } from "@sluice/engine/http/open-guarded-fetch";
import { openFileParser } from "@sluice/engine/parse/open-file-parser";
import { openAttendance } from "./attendance.ts";
import { cancelPrediction } from "./cancel-prediction.ts";
import type { Config } from "./config.ts";
import type { Deps } from "./deps.ts";
import { openFlowCache } from "./flow-cache.ts";
import { openKeyCache } from "./key-cache.ts";
import { openApiMetrics } from "./metrics.ts";
import { toPrediction } from "./native-prediction.ts";
import type { Mode, ModeOptions } from "./queue-mode.ts";
import { openQueueOutlook } from "./queue-outlook.ts";
import { openQueuePositions } from "./queue-positions.ts";

/** The version of Flowise whose API is spoken here. */
const version = "3.1.4";

interface Parts {
  config: Config;
  log: Log;
  database: OpenDatabase;
  environment: (name: string) => string | undefined;
  /** Where this is a bundle; the file that reads files lies beside it. */
  codeChildFile?: URL;
  tracing?: Tracing | undefined;
}

/** What the routes need, from a process's settings; the same for a server and for a function. */
export async function openDeps<M extends Mode>(
  { config, log, database, environment, codeChildFile, tracing }: Parts,
  openMode: (options: ModeOptions) => Promise<M>,
): Promise<{ deps: Deps; mode: M; close(timeoutMs: number): Promise<void> }> {
  const { db, pool } = database;
  const credentialKey = config.FLOWISE_SECRETKEY_OVERWRITE
    ? await credentialKeyFromText(config.FLOWISE_SECRETKEY_OVERWRITE)
    : await ensureCredentialKey(db);
  const objects = await openObjectStore(config);
  const metrics = config.ENABLE_METRICS ? await openApiMetrics(config, db, version) : undefined;
  const shared = { config, log, database, credentialKey, objects, environment };
  const mode = await openMode({ ...shared, metrics: metrics?.runs, tracing });
  metrics?.watchFleet(mode.fleet);
  const { transport } = mode;
  const announcing = keepAnnouncing(mode.intake, log);
  const intake = openAwayIntake(announcing, { share: config.RATE_LIMIT_LOCAL_SHARE, log });
  const outlook = openQueueOutlook({
    read: mode.fleet,
    everyMs: config.REDIS_PROFILE === "frugal" ? 5000 : 500,
    maxWaitMs: config.MAX_QUEUE_WAIT_SECONDS * 1000 || Number.POSITIVE_INFINITY,
    maxQueued: config.MAX_QUEUED_PREDICTIONS,
  });
  void outlook.look();
  const positions = openQueuePositions(
    { outlook, transport },
    config.REDIS_PROFILE === "frugal" ? 5000 : 1000,
  );
  const attendance = openAttendance({
    presence: mode.presence,
    pulseMs: leaseTiming(config.REDIS_PROFILE === "frugal").pulseMs,
    graceMs: config.DISCONNECT_GRACE_SECONDS * 1000,
    cancel: (id) => cancelPrediction({ db, transport, objects }, id),
    log,
  });
  const flows = openFlowCache(db);
  const keys = openKeyCache(db);
  intake.onChange(flows.onChange);
  intake.onChange(keys.onChange);
  const outbound = {
    securityCheck: config.HTTP_SECURITY_CHECK,
    denyList: config.HTTP_DENY_LIST,
    allowList: config.HTTP_ALLOW_LIST,
  };
  const fetch = openGuardedFetch(outbound);
  const postgres = openPostgresClients(outbound, vectorDefaults(config));
  const redis = openRedisClients(outbound);
  const modelBaseUrls = {
    anthropic: config.ANTHROPIC_BASE_URL,
    pinecone: config.PINECONE_CONTROLLER_HOST,
  };
  const parser = openParser(codeChildFile);
  const knowledge = openKnowledge({
    db,
    objects,
    credentialKey,
    fetch,
    postgres,
    modelBaseUrls,
    ...(parser && { parser }),
  });
  const secret = webhookSecret(credentialKey);
  const view = toPrediction;
  const onAttempt = metrics?.webhookAttempted;
  const dispatcher = openWebhookDispatcher({
    db,
    transport,
    fetch,
    secret,
    credentialKey,
    log,
    view,
    onAttempt,
  });
  const deps: Deps = {
    db,
    credentialKey,
    objects,
    transport,
    places: transport,
    attendance,
    intake,
    outlook,
    positions,
    flows,
    keys,
    log,
    metrics,
    tracing,
    knowledge,
    parser,
    redis,
    upserts: mode.upserts,
    webhooks: { secret, policy: addressPolicy(outbound), wake: dispatcher.wake },
    settings: {
      trustedProxies: config.TRUST_PROXY,
      corsOrigins: config.CORS_ORIGINS,
      corsCredentials: config.CORS_ALLOW_CREDENTIALS,
      maxBodyBytes: config.FLOWISE_FILE_SIZE_LIMIT,
      requireKey: config.SLUICE_REQUIRE_KEY,
      limits: limitPolicies(config),
      caps: { perFlow: config.MAX_CONCURRENT_PER_FLOW, perKey: config.MAX_CONCURRENT_PER_KEY },
      predictionTimeoutMs: config.PREDICTION_TIMEOUT_SECONDS * 1000,
      upsertTimeoutMs: config.UPSERT_TIMEOUT_SECONDS * 1000,
      version,
    },
    onFlowChanged: (id) => intake.announce({ kind: "flow", id }),
    onKeysChanged: () => intake.announce({ kind: "key", id: "" }),
    onConfigurationChanged: () => intake.announce({ kind: "configuration", id: "" }),
    runtimeVariable: environment,
    async readiness() {
      const queue = transport.ready().then((ready) => ready || Promise.reject(new Error("away")));
      const checks = { postgres: pool.query("select 1"), queue };
      const results = await Promise.allSettled(
        Object.values(checks).map((check: Promise<unknown>) => within(check, 2000)),
      );
      return Object.keys(checks).filter((_, i) => results[i]?.status === "rejected");
    },
  };
  if (config.ENABLE_BULLMQ_DASHBOARD && mode.openBoardQueues) {
    const { dashboardRoutes } = await import("./routes/dashboard.ts");
    deps.dashboard = dashboardRoutes(deps, await mode.openBoardQueues());
  }
  return {
    deps,
    mode,
    async close(timeoutMs) {
      await dispatcher.close();
      positions.close();
      outlook.close();
      attendance.close();
      announcing.close();
      fetch.close();
      await postgres.close();
      await redis.close();
      await parser?.close();
      await mode.close(timeoutMs);
      await database.close();
    },
  };
}

/** A function is one file: it has no other to start a process with. */
function openParser(codeChildFile: URL | undefined) {
  if (codeChildFile)
    return openFileParser({ childFile: new URL("./parse-child.js", codeChildFile) });
  return import.meta.url.endsWith(".ts") ? openFileParser() : undefined;
}

async function within<T>(check: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
  });
  return Promise.race([check, late]).finally(() => clearTimeout(timer));
}
