import { createAlarms, metricNamespace } from "./alarm.ts";
import { apiLogGroup, createApi } from "./api.ts";
import {
  createScheduledScaler,
  createTargetTracking,
  scalerLogGroup,
  scalerTarget,
} from "./autoscaler.ts";
import { checkConnectionBudget, connectionBudget } from "./connection-budget.ts";
import { createDatabase } from "./database.ts";
import { givenSettings } from "./given.ts";
import { createMigration } from "./migration.ts";
import { createNetwork } from "./network.ts";
import { createRedis } from "./redis.ts";
import { createSecrets, createSettings } from "./secret.ts";
import { stageOf } from "./stage.ts";
import { createStorage } from "./storage.ts";
import { createWorker } from "./worker.ts";

/** The whole, in order: each part gets what it needs from those before it. */
export function deploy() {
  const stage = stageOf($app.stage, process.env);
  if ($dev) return develop();
  checkConnectionBudget(stage);
  const secrets = createSecrets(stage);
  const network = createNetwork(stage);
  const redis = createRedis(stage, network, secrets);
  const database = createDatabase(stage, network, secrets);
  const settings = createSettings(stage, secrets, {
    redisUrl: redis.url,
    databaseUrl: database.url,
  });
  const storage = createStorage(stage);
  const migration = createMigration(stage, network, settings);
  const cluster = new sst.aws.Cluster("Fleet", { vpc: network.vpc });
  const shared = { cluster, network, settings, storage, given: givenSettings(process.env) };
  const worker = createWorker(stage, { ...shared, after: [migration] });
  const target = scalerTarget(cluster, worker);
  const scaler = createScheduledScaler(stage, { network, settings, target });
  createTargetTracking(stage, worker, metricNamespace());
  const api = createApi(stage, {
    ...shared,
    target,
    scaler,
    domain: process.env.SLUICE_DOMAIN,
    after: [migration],
  });
  createAlarms(stage, {
    fleetLogGroup: scaler ? scalerLogGroup() : apiLogGroup(),
    workerLogGroup: `/sluice/${$app.stage}/worker`,
    api,
    redis,
    database,
    maxConnections: connectionBudget(stage).postgres.limit,
    email: process.env.SLUICE_ALARM_EMAIL,
    after: [worker, api.resource, ...(scaler ? [scaler] : [])],
  });
  return {
    url: api.url,
    firstFlow: $interpolate`npx sluice import flow.json --url ${api.url} --key <the AdminKey secret>`,
  };
}

/** `sst dev` runs what `npm start` runs: nothing of it in AWS. */
function develop() {
  new sst.x.DevCommand("Sluice", { dev: { command: "npm start", autostart: true } });
  return {};
}
