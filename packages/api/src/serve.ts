import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createAdaptorServer } from "@hono/node-server";
import { ensureAdminKey } from "@sluice/core/api-key/api-key";
import { migrateToLatest } from "@sluice/core/database/migrate";
import { openDatabase } from "@sluice/core/database/open-database";
import { databaseOptions } from "@sluice/core/database-settings";
import { openLog } from "@sluice/core/log";
import { openReconciler } from "@sluice/core/prediction/reconciler";
import { openRetention } from "@sluice/core/retention/open-retention";
import { readSettings } from "@sluice/core/settings";
import { openTracingOf } from "@sluice/core/tracing/open-tracing-of";
import { runtimeVariableFrom } from "@sluice/core/variable/runtime-variable";
import { Config } from "./config.ts";
import { createApi } from "./create-api.ts";
import { askToRejoin } from "./event-stream.ts";
import { openMainMode } from "./main-mode.ts";
import { openDeps } from "./open-deps.ts";
import { openQueueMode } from "./queue-mode.ts";
import { openSchedules } from "./schedules.ts";

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
  await migrateToLatest(databaseOptions(config));
  if (config.SLUICE_API_KEY) await ensureAdminKey(database.db, config.SLUICE_API_KEY);
  const environment = runtimeVariableFrom(process.env);
  const tracing = await openTracingOf(config, "api", log);
  const opened = await openDeps(
    { config, log, database, environment, tracing, ...codeChild() },
    (options) =>
      config.MODE === "queue"
        ? openQueueMode(options)
        : openMainMode({ ...options, ...codeChild() }),
  );
  const { deps } = opened;
  const reconciler = openReconciler(deps);
  const days = config.RETENTION_DAYS;
  const retention = days > 0 ? openRetention(deps, days) : undefined;
  const schedules = openSchedules(deps, {
    openClock: opened.mode.openClock,
    minIntervalS: config.MIN_SCHEDULE_INTERVAL_SECONDS,
  });
  deps.intake.onChange(({ kind, id }) => {
    if (kind === "flow") void schedules.sync(id);
  });
  const app = createApi(deps);
  const hostname = config.HOST ?? "0.0.0.0";
  const server = createAdaptorServer({ fetch: app.fetch, hostname });
  // A burst waits to be let in instead of being turned away by the kernel, which caps this by its own limit.
  server.listen({ port: config.PORT, host: hostname, backlog: 4096 }, () => {
    const { port } = server.address() as AddressInfo;
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
    await retention?.close();
    await schedules.close();
    await opened.close(config.API_STOP_TIMEOUT_SECONDS * 1000);
    await tracing?.close();
    clearTimeout(force);
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop("SIGTERM"));
  process.once("SIGINT", () => void stop("SIGINT"));
  // An API that was started by a parent does not outlive it.
  process.once("disconnect", () => process.exit(1));
}

/** In a bundle the sandbox's child is a file beside this one. */
function codeChild(): { codeChildFile?: URL } {
  return import.meta.url.endsWith(".ts")
    ? {}
    : { codeChildFile: pathToFileURL(join(import.meta.dirname, "code-child.js")) };
}
