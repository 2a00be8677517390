import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CliError } from "../command.ts";
import { type Guard, openGuard } from "./guard.ts";
import { lockHome } from "./home-lock.ts";
import { type LaunchConfig, parseLaunchConfig } from "./launch-config.ts";
import { type NodeProcess, startNode } from "./node-process.ts";
import { checkReachable, choosePort } from "./port.ts";
import { startPostgres } from "./postgres.ts";
import { type OwnServer, startRedis } from "./redis.ts";
import { findRedisBinary } from "./redis-binary.ts";
import { openSecrets } from "./secrets.ts";
import { type KeptWorker, keepWorker } from "./worker-keeper.ts";

export interface LaunchOptions {
  env: NodeJS.ProcessEnv;
  workers: number;
  /** Run the bundles in `dist` instead of the sources. */
  bundled?: boolean;
  /** Where an unpacked Redis is kept, if not in the home. */
  toolHome?: string;
  entries?: Entries;
  note(line: string): void;
}

export interface Entries {
  api: string;
  worker: string;
}

/** What `start --json` prints. A pid is null where the server is not the launcher's own. */
export interface LaunchReport {
  mode: "main" | "queue";
  url: string;
  apiKey: string;
  api: { pid: number; readyMs: number };
  workers: { pid: number; url: string; readyMs: number }[];
  redis: { url: string; pid: number | null } | null;
  postgres: { url: string; pid: number | null };
}

export interface Launched {
  /** Read anew after a worker was replaced. */
  report(): LaunchReport;
  /** The admin key was made by this very start. */
  freshKey: boolean;
  /** Resolves, with the reason, when something ended that cannot be replaced. */
  broken: Promise<string>;
  /** Ends everything in order: API, workers, Redis, Postgres. */
  stop(): Promise<void>;
}

const root = new URL("../../../../", import.meta.url);
const atRoot = (path: string) => fileURLToPath(new URL(path, root));

/** Brings up the whole: Postgres, Redis where it can be had, the API and its workers. */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { env, note } = options;
  const config = parseLaunchConfig(env);
  const entries = options.entries ?? chooseEntries(options.bundled ?? false);
  const home = config.SLUICE_HOME;
  const secrets = await openSecrets(home);
  const lock = await lockHome(home);
  const guard = openGuard();
  const running: {
    api?: NodeProcess;
    workers: KeptWorker[];
    redis?: OwnServer;
    postgres?: OwnServer;
  } = {
    workers: [],
  };
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      for (const worker of running.workers) worker.release();
      await running.api?.stop(15_000);
      await Promise.all(running.workers.map((worker) => worker.stop(15_000)));
      await running.redis?.stop();
      await running.postgres?.stop();
      guard.close();
      await lock.release();
    })();
    return stopping;
  };

  try {
    const [redis, postgres] = await settle(
      [
        haveRedis(config, options, secrets.redisPassword, guard),
        havePostgres(config, options, guard),
      ] as const,
      (own) => Object.assign(running, own),
    );
    const mode = redis.none ? "main" : "queue";
    const host = config.HOST ?? "127.0.0.1";
    const apiKey = config.SLUICE_API_KEY ?? secrets.apiKey;
    const shared: NodeJS.ProcessEnv = {
      ...env,
      ...postgres.env,
      ...redis.env,
      MODE: mode,
      HOST: host,
      SLUICE_HOME: home,
      FLOWISE_SECRETKEY_OVERWRITE: config.FLOWISE_SECRETKEY_OVERWRITE ?? secrets.credentialSecret,
      SLUICE_API_KEY: undefined,
    };
    const taken = new Set<number>();
    const port = await choosePort({
      variable: "PORT",
      asked: config.PORT,
      standard: 3000,
      host,
      taken,
      note,
    });
    const workerPorts: number[] = [];
    for (let i = 0; i < (mode === "queue" ? options.workers : 0); i += 1) {
      const asked = config.WORKER_PORT && config.WORKER_PORT + i;
      const ask = { variable: "WORKER_PORT", asked, standard: 5566 + i, host, taken, note };
      workerPorts.push(await choosePort(ask));
    }

    // The API first: it brings the database up to date, which the workers rely on.
    const api = await startNode({
      name: "the API",
      entry: entries.api,
      env: { ...shared, PORT: String(port), SLUICE_API_KEY: apiKey },
      guard,
      deadlineMs: 60_000,
    });
    running.api = api;
    const broken = Promise.withResolvers<string>();
    api.exit.then((how) => broken.resolve(`the API stopped (${how})`));
    running.redis?.exit.then((how) => broken.resolve(`Redis stopped (${how})`));
    running.postgres?.exit.then((how) => broken.resolve(`PostgreSQL stopped (${how})`));
    await settle(
      workerPorts.map((workerPort, index) => {
        const name = `worker ${index + 1}`;
        const workerEnv = { ...shared, WORKER_PORT: String(workerPort) };
        const start = () =>
          startNode({ name, entry: entries.worker, env: workerEnv, guard, deadlineMs: 60_000 });
        return keepWorker({ name, start, note, giveUp: broken.resolve });
      }),
      (worker) => running.workers.push(worker),
    );

    return {
      freshKey: secrets.fresh && config.SLUICE_API_KEY === undefined,
      broken: broken.promise,
      stop,
      report: () => ({
        mode,
        url: api.url,
        apiKey,
        api: { pid: api.pid, readyMs: api.readyMs },
        workers: running.workers.map((worker) => worker.report()),
        redis: redis.none ? null : { url: redis.url, pid: running.redis?.pid ?? null },
        postgres: { url: postgres.url, pid: running.postgres?.pid ?? null },
      }),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for all, keeps what succeeded so that it can be stopped, and fails with the first failure. */
async function settle<T extends readonly unknown[]>(
  starts: { readonly [K in keyof T]: Promise<T[K]> },
  keep: (started: T[number]) => void,
): Promise<T> {
  const results = await Promise.allSettled(starts);
  for (const result of results) if (result.status === "fulfilled") keep(result.value as T[number]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return results.map((result) => result.status === "fulfilled" && result.value) as unknown as T;
}

interface Found {
  env: NodeJS.ProcessEnv;
  url: string;
}

async function haveRedis(
  config: LaunchConfig,
  options: LaunchOptions,
  password: string,
  guard: Guard,
): Promise<(Found & { none?: false; redis?: OwnServer }) | (Found & { none: true })> {
  const none = { none: true, env: {}, url: "" } as const;
  if (config.MODE === "main") return none;
  if (config.REDIS_URL || config.REDIS_HOST) {
    // A comma list is a Cluster; its first endpoint is as good a sign as any.
    const first = config.REDIS_URL?.split(",")[0];
    const at = first ? new URL(first) : undefined;
    const host = at?.hostname ?? config.REDIS_HOST ?? "localhost";
    const port = Number(at?.port || config.REDIS_PORT || 6379);
    await checkReachable("Redis", host, port);
    return { env: {}, url: config.REDIS_URL ?? `redis://${host}:${port}` };
  }
  const toolHome = options.toolHome ?? config.SLUICE_HOME;
  const binary = await findRedisBinary(toolHome, options.env, options.note);
  if (binary) {
    const redis = await startRedis({ binary, home: config.SLUICE_HOME, password, guard });
    return { env: { REDIS_URL: redis.url }, url: redis.url, redis };
  }
  if (config.MODE === "queue")
    throw new CliError("MODE=queue needs Redis, and none can be had", {
      remedy: "Install redis-server, or set REDIS_URL.",
    });
  options.note("no Redis can be had: main mode (one process; set REDIS_URL for queue mode)");
  return none;
}

async function havePostgres(
  config: LaunchConfig,
  options: LaunchOptions,
  guard: Guard,
): Promise<Found & { postgres?: OwnServer }> {
  if (config.DATABASE_URL || config.DATABASE_HOST) {
    const at = config.DATABASE_URL ? new URL(config.DATABASE_URL) : undefined;
    const host = at?.hostname || config.DATABASE_HOST || "localhost";
    const port = Number(at?.port || config.DATABASE_PORT || 5432);
    await checkReachable("PostgreSQL", host, port);
    return { env: {}, url: config.DATABASE_URL ?? `postgres://${host}:${port}` };
  }
  const postgres = await startPostgres({ home: config.SLUICE_HOME, guard, note: options.note });
  return { env: { DATABASE_URL: postgres.url }, url: postgres.url, postgres };
}

function chooseEntries(bundled: boolean): Entries {
  if (!bundled)
    return {
      api: atRoot("packages/api/src/serve.ts"),
      worker: atRoot("packages/worker/src/main.ts"),
    };
  const entries = { api: atRoot("dist/api/main.js"), worker: atRoot("dist/worker/main.js") };
  if (!existsSync(entries.api) || !existsSync(entries.worker))
    throw new CliError("there are no bundles in dist/", { remedy: "Make them: npm run build" });
  return entries;
}
