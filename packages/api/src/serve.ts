import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { serve } from "@hono/node-server";
import { ensureAdminKey } from "@sluice/core/api-key/api-key";
import { credentialKeyFromText, ensureCredentialKey } from "@sluice/core/credential/credential-key";
import { migrateToLatest } from "@sluice/core/database/migrate";
import { openDatabase } from "@sluice/core/database/open-database";
import { databaseOptions } from "@sluice/core/database-settings";
import { openLog } from "@sluice/core/log";
import { openDiskObjectStore } from "@sluice/core/object-store/disk-object-store";
import { openReconciler } from "@sluice/core/prediction/reconciler";
import { readSettings } from "@sluice/core/settings";
import { runtimeVariableFrom } from "@sluice/core/variable/runtime-variable";
import { openWebhookDispatcher } from "@sluice/core/webhook/dispatcher";
import { webhookSecret } from "@sluice/core/webhook/signature";
import { addressPolicy } from "@sluice/engine/http/address-policy";
import { openGuardedFetch } from "@sluice/engine/http/open-guarded-fetch";
import { Config } from "./config.ts";
import { createApi } from "./create-api.ts";
import type { Deps } from "./deps.ts";
import { askToRejoin } from "./event-stream.ts";
import { openFlowCache } from "./flow-cache.ts";
import { openKeyCache } from "./key-cache.ts";
import { openMainMode } from "./main-mode.ts";
import { toPrediction } from "./native-prediction.ts";
import { openQueueMode } from "./queue-mode.ts";

try {
  await main();
} catch (error) {
  process.stderr.write(`sluice api: ${(error as Error).message}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const config = readSettings(Config, process.env);
  const log = openLog(config.LOG_LEVEL, "api");
  const database = openDatabase(databaseOptions(config));
  const { db, pool } = database;
  await migrateToLatest(databaseOptions(config));
  if (config.SLUICE_API_KEY) await ensureAdminKey(db, config.SLUICE_API_KEY);
  const credentialKey = config.FLOWISE_SECRETKEY_OVERWRITE
    ? await credentialKeyFromText(config.FLOWISE_SECRETKEY_OVERWRITE)
    : await ensureCredentialKey(db);
  const objects = openDiskObjectStore(
    resolve(config.BLOB_STORAGE_PATH ?? join(config.SLUICE_HOME, "storage")),
  );
  const environment = runtimeVariableFrom(process.env);
  const shared = { config, log, database, credentialKey, objects, environment };
  const mode =
    config.MODE === "queue"
      ? await openQueueMode(shared)
      : await openMainMode({ ...shared, ...codeChild() });
  const { intake, transport } = mode;
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
  const secret = webhookSecret(credentialKey);
  const dispatcher = openWebhookDispatcher({
    db,
    transport,
    fetch,
    secret,
    log,
    view: toPrediction,
  });
  const deps: Deps = {
    db,
    credentialKey,
    objects,
    transport,
    intake,
    flows,
    keys,
    log,
    webhooks: { secret, policy: addressPolicy(outbound), wake: dispatcher.wake },
    settings: {
      trustedProxies: config.TRUST_PROXY,
      corsOrigins: config.CORS_ORIGINS,
      corsCredentials: config.CORS_ALLOW_CREDENTIALS,
      maxBodyBytes: config.FLOWISE_FILE_SIZE_LIMIT,
      predictionTimeoutMs: config.PREDICTION_TIMEOUT_SECONDS * 1000,
      version: "3.1.4",
    },
    onFlowChanged: (id) => intake.announce({ kind: "flow", id }),
    onKeysChanged: () => intake.announce({ kind: "key", id: "" }),
    onConfigurationChanged: () => intake.announce({ kind: "configuration", id: "" }),
    runtimeVariable: environment,
    async readiness() {
      const checks: [string, Promise<unknown>][] = [
        ["postgres", pool.query("select 1")],
        [
          "queue",
          transport.ready().then((ready) => ready || Promise.reject(new Error("not ready"))),
        ],
      ];
      const results = await Promise.allSettled(checks.map(([, check]) => within(check, 2000)));
      return checks.filter((_, i) => results[i]?.status === "rejected").map(([name]) => name);
    },
  };
  const reconciler = openReconciler({ db, transport, log });
  const app = createApi(deps);
  const hostname = config.HOST ?? "0.0.0.0";
  const server = serve({ fetch: app.fetch, port: config.PORT, hostname }, ({ port }) => {
    const url = `http://127.0.0.1:${port}`;
    log.info({ url, mode: config.MODE }, "API ready");
    process.send?.({ type: "ready", url, readyMs: Math.round(performance.now()) });
  });
  server.on("error", (error: NodeJS.ErrnoException) => {
    const taken = error.code === "EADDRINUSE";
    process.stderr.write(
      taken
        ? `sluice api: port ${config.PORT} is taken; set PORT to another one, or PORT=0 for any free one\n`
        : `sluice api: ${error.message}\n`,
    );
    process.exit(1);
  });

  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, "API stops");
    askToRejoin();
    const force = setTimeout(() => process.exit(1), config.API_STOP_TIMEOUT_SECONDS * 1000).unref();
    await new Promise((done) => server.close(done));
    await reconciler.close();
    await dispatcher.close();
    fetch.close();
    await mode.close(config.API_STOP_TIMEOUT_SECONDS * 1000);
    await database.close();
    clearTimeout(force);
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop("SIGTERM"));
  process.once("SIGINT", () => void stop("SIGINT"));
  // An API that was started by a parent does not outlive it.
  process.once("disconnect", () => process.exit(1));
}

async function within<T>(check: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
  });
  return Promise.race([check, late]).finally(() => clearTimeout(timer));
}

/** In a bundle the sandbox's child is a file beside this one. */
function codeChild(): { codeChildFile?: URL } {
  return import.meta.url.endsWith(".ts")
    ? {}
    : { codeChildFile: pathToFileURL(join(import.meta.dirname, "code-child.js")) };
}
