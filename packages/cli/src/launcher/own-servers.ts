import { CliError } from "../command.ts";
import type { Guard } from "./guard.ts";
import type { LaunchOptions } from "./launch.ts";
import type { LaunchConfig } from "./launch-config.ts";
import { checkReachable } from "./port.ts";
import { startPostgres } from "./postgres.ts";
import { type OwnServer, startRedis } from "./redis.ts";
import { findRedisBinary } from "./redis-binary.ts";

/** A server that the processes are to use. */
export interface Found {
  /** What the processes have to be told, beyond what is set already. */
  env: NodeJS.ProcessEnv;
  url: string;
  /** Only where it is the launcher's own. */
  own?: OwnServer;
}

/** The Redis that is set, or our own; undefined for main mode. */
export async function haveRedis(
  config: LaunchConfig,
  options: LaunchOptions,
  password: string,
  guard: Guard,
): Promise<Found | undefined> {
  if (config.MODE === "main") return undefined;
  if (config.REDIS_URL || config.REDIS_HOST) {
    // A comma list is a Cluster; its first endpoint is as good a sign as any.
    const at = parseUrl("REDIS_URL", config.REDIS_URL?.split(",")[0]);
    const host = at?.hostname || config.REDIS_HOST || "localhost";
    const port = Number(at?.port || config.REDIS_PORT || 6379);
    await checkReachable("Redis", host, port);
    return { env: {}, url: config.REDIS_URL ?? `redis://${host}:${port}` };
  }
  const toolHome = options.toolHome ?? config.SLUICE_HOME;
  const binary = await findRedisBinary(toolHome, options.env, options.note);
  if (binary) {
    const own = await startRedis({ binary, home: config.SLUICE_HOME, password, guard });
    return { env: { REDIS_URL: own.url }, url: own.url, own };
  }
  if (config.MODE === "queue")
    throw new CliError("MODE=queue needs Redis, and none can be had", {
      remedy: "Install redis-server, or set REDIS_URL.",
    });
  options.note("no Redis can be had: main mode (one process; set REDIS_URL for queue mode)");
  return undefined;
}

/** The database that is set, or our own. */
export async function havePostgres(config: LaunchConfig, guard: Guard): Promise<Found> {
  if (config.DATABASE_URL || config.DATABASE_HOST) {
    const at = parseUrl("DATABASE_URL", config.DATABASE_URL);
    const host = at?.hostname || config.DATABASE_HOST || "localhost";
    const port = Number(at?.port || config.DATABASE_PORT || 5432);
    await checkReachable("PostgreSQL", host, port);
    return { env: {}, url: config.DATABASE_URL ?? `postgres://${host}:${port}` };
  }
  const own = await startPostgres({ home: config.SLUICE_HOME, guard });
  return { env: { DATABASE_URL: own.url }, url: own.url, own };
}

/** The value may hold a password, so the message leaves it out. */
function parseUrl(variable: string, value: string | undefined): URL | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (!url) throw new CliError(`${variable} is not a URL`, { exitCode: 2 });
  return url;
}
