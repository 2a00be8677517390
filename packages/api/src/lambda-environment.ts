import { ensureAdminKey } from "@sluice/core/api-key/api-key";
import { openDatabase } from "@sluice/core/database/open-database";
import { databaseOptions } from "@sluice/core/database-settings";
import { linkedSettings } from "@sluice/core/linked-settings";
import { openLog } from "@sluice/core/log";
import type { ApiTransport } from "@sluice/core/prediction/transport";
import { readSettings } from "@sluice/core/settings";
import { runtimeVariableFrom } from "@sluice/core/variable/runtime-variable";
import { Config } from "./config.ts";
import { createApi } from "./create-api.ts";
import type { Environment } from "./lambda-app.ts";
import { openDeps } from "./open-deps.ts";
import { openQueueMode } from "./queue-mode.ts";

/** A caller of a function is not kept longer; the run goes on, and its answer can be had by its id. */
const longestWaitSeconds = 110;

/** Settings, connections and routes of one environment of the function. */
export async function openParts(environment: Record<string, string | undefined>) {
  const config = readSettings(Config, { ...environment, ...(await linkedSettings(environment)) });
  const log = openLog(config.LOG_LEVEL, "api");
  const database = openDatabase(databaseOptions(config));
  if (config.SLUICE_API_KEY) await ensureAdminKey(database.db, config.SLUICE_API_KEY);
  const waitSeconds = Math.min(config.PREDICTION_TIMEOUT_SECONDS, longestWaitSeconds);
  const opened = await openDeps(
    {
      config: { ...config, PREDICTION_TIMEOUT_SECONDS: waitSeconds },
      log,
      database,
      environment: runtimeVariableFrom(environment),
    },
    openQueueMode,
  );
  return { ...opened, config, database };
}

export async function openEnvironment(
  variables: Record<string, string | undefined>,
): Promise<Environment> {
  const { deps, mode, database, close } = await openParts(variables);
  const app = createApi({ ...deps, transport: addsOnceMore(deps.transport) });
  return {
    fetch: (request) => app.fetch(request),
    check: () => Promise.all([mode.connections.producer.ping(), database.pool.query("select 1")]),
    close: () => close(1000),
  };
}

/** A job's id is its prediction's: one whose first addition went through unheard is not there twice. */
const addsOnceMore = (transport: ApiTransport): ApiTransport => ({
  ...transport,
  add: (job) => transport.add(job).catch(() => transport.add(job)),
});
