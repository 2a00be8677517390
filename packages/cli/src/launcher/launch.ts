import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CliError } from "../command.ts";
import { openGuard } from "./guard.ts";
import { lockHome } from "./home-lock.ts";
import { type LaunchConfig, parseLaunchConfig } from "./launch-config.ts";
import { type NodeProcess, startNode } from "./node-process.ts";
import { type Found, havePostgres, haveRedis } from "./own-servers.ts";
import { choosePort } from "./port.ts";
import { openSecrets } from "./secrets.ts";
import { type KeptWorker, keepWorker } from "./worker-keeper.ts";

export interface LaunchOptions {
  env: NodeJS.ProcessEnv;
  workers: number;
  /** More APIs on free ports, which are started again when they die. */
  spareApis?: number;
  /** Run the bundles in `dist` instead of the sources. */
  bundled?: boolean;
  /** Where an unpacked Redis is kept, if not in the home. */
  toolHome?: string;
  entries?: Entries;
  /** Descriptor for the output of API and workers; 2, the launcher's stderr, if not set. */
  output?: number;
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
  /** Read anew after one was replaced. */
  spareApis(): { pid: number; url: string }[];
  /** The admin key was made by this very start. */
  freshKey: boolean;
  /** Resolves, with the reason, when something ended that cannot be replaced. */
  broken: Promise<string>;
  /** Ends everything in order: API, workers, Redis, Postgres. */
  stop(): Promise<void>;
}

const standardHost = "127.0.0.1";
const graceMs = 15_000;
const root = new URL("../../../../", import.meta.url);
const atRoot = (path: string) => fileURLToPath(new URL(path, root));

/** Brings up the whole: Postgres, Redis where it can be had, the API and its workers. */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const config = parseLaunchConfig(options.env);
  const entries = options.entries ?? chooseEntries(options.bundled ?? false);
  const home = config.SLUICE_HOME;
  const lock = await lockHome(home);
  const guard = openGuard();
  const running: Running = { workers: [], spareApis: [] };
  const stop = once(async () => {
    for (const kept of [...running.spareApis, ...running.workers]) kept.release();
    await running.api?.stop(graceMs);
    await Promise.all(running.spareApis.map((api) => api.stop(graceMs)));
    await Promise.all(running.workers.map((worker) => worker.stop(graceMs)));
    await running.redis?.own?.stop();
    await running.postgres?.own?.stop();
    guard.close();
    await lock.release();
  });
  try {
    const ports = await choosePorts(config, options);
    const secrets = await openSecrets(home);
    await settle([
      haveRedis(config, options, secrets.redisPassword, guard).then((redis) => {
        running.redis = redis;
      }),
      havePostgres(config, guard).then((postgres) => {
        running.postgres = postgres;
      }),
    ]);
    const mode = running.redis ? "queue" : "main";
    const apiKey = config.SLUICE_API_KEY ?? secrets.apiKey;
    const shared: NodeJS.ProcessEnv = {
      ...options.env,
      ...running.postgres?.env,
      ...running.redis?.env,
      MODE: mode,
      HOST: config.HOST ?? standardHost,
      SLUICE_HOME: home,
      // On one machine nobody waits two minutes for Ctrl-C.
      API_STOP_TIMEOUT_SECONDS: options.env.API_STOP_TIMEOUT_SECONDS ?? "10",
      WORKER_STOP_TIMEOUT_SECONDS: options.env.WORKER_STOP_TIMEOUT_SECONDS ?? "10",
      FLOWISE_SECRETKEY_OVERWRITE: config.FLOWISE_SECRETKEY_OVERWRITE ?? secrets.credentialSecret,
      SLUICE_API_KEY: undefined,
    };
    const output = options.output ?? 2;
    const start = (name: string, entry: string, env: NodeJS.ProcessEnv) =>
      startNode({ name, entry, env: { ...shared, ...env }, guard, output, deadlineMs: 60_000 });

    // The API first: it brings the database up to date, which the workers rely on.
    const apiEnv = { PORT: String(ports.api), SLUICE_API_KEY: apiKey };
    const api = await start("the API", entries.api, apiEnv);
    running.api = api;
    const broken = Promise.withResolvers<string>();
    const breaks = (name: string, exit: Promise<string> | undefined) =>
      exit?.then((how) => broken.resolve(`${name} stopped (${how})`));
    breaks("the API", api.exit);
    breaks("Redis", running.redis?.own?.exit);
    breaks("PostgreSQL", running.postgres?.own?.exit);
    if (mode === "queue")
      await settle(
        ports.workers.map(async (port, index) => {
          const name = `worker ${index + 1}`;
          const { note } = options;
          running.workers[index] = await keepWorker({
            name,
            note,
            start: () => start(name, entries.worker, { WORKER_PORT: String(port) }),
            giveUp: broken.resolve,
          });
        }),
      );
    for (let i = 0; i < (options.spareApis ?? 0); i += 1) {
      const name = `API ${i + 2}`;
      const spareEnv = { PORT: "0", SLUICE_API_KEY: apiKey };
      running.spareApis[i] = await keepWorker({
        name,
        note: options.note,
        start: () => start(name, entries.api, spareEnv),
        giveUp: broken.resolve,
      });
    }
    const { redis, postgres } = running;
    return {
      spareApis: () => running.spareApis.map((api) => api.report()),
      freshKey: secrets.fresh && config.SLUICE_API_KEY === undefined,
      broken: broken.promise,
      stop,
      report: () => ({
        mode,
        url: api.url,
        apiKey,
        api: { pid: api.pid, readyMs: api.readyMs },
        workers: running.workers.map((worker) => worker.report()),
        redis: redis ? { url: redis.url, pid: redis.own?.pid ?? null } : null,
        postgres: { url: postgres?.url ?? "", pid: postgres?.own?.pid ?? null },
      }),
    };
  } catch (error) {
    // A worker that failed leaves a hole among those that came up.
    running.workers = running.workers.filter(Boolean);
    await stop();
    throw error;
  }
}

interface Running {
  api?: NodeProcess;
  spareApis: KeptWorker[];
  workers: KeptWorker[];
  redis?: Found | undefined;
  postgres?: Found;
}

/** Waits for the end of all, so that what came up is known, then fails with the first failure. */
async function settle(starts: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(starts);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

/** Before anything is started, because a taken port is the commonest reason not to. */
async function choosePorts({ PORT, WORKER_PORT, HOST }: LaunchConfig, options: LaunchOptions) {
  const common = { host: HOST ?? standardHost, taken: new Set<number>(), note: options.note };
  const api = await choosePort({ ...common, variable: "PORT", asked: PORT, standard: 3000 });
  const workers: number[] = [];
  for (let i = 0; i < options.workers; i += 1) {
    const asked = WORKER_PORT && WORKER_PORT + i;
    const worker = { variable: "WORKER_PORT", asked, standard: 5566 + i };
    workers.push(await choosePort({ ...common, ...worker }));
  }
  return { api, workers };
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
