import { Cluster, Redis, type RedisOptions } from "ioredis";
import { explainRedisError } from "../doctor/connection-error.ts";
import { gatherWrites } from "./gather-writes.ts";
import type { RedisSettings } from "./redis-settings.ts";

export type RedisConnection = Redis | Cluster;

/**
 * `producer`: a caller waits, so commands fail fast while Redis is away.
 * `consumer`: waits for Redis for ever. `subscriber`: the same, and holds subscriptions.
 */
export type RedisRole = "producer" | "consumer" | "subscriber";

export interface RedisLog {
  warn(fields: object, message: string): void;
}

/** How long a Redis may owe an answer, a blocking call's own time included, before its connection counts as lost. */
const silenceMs = { producer: 10_000, consumer: 45_000, subscriber: 10_000 };
/** A subscriber asks for nothing; without a question it would never notice that nothing can reach it any more. */
const askEveryMs = 20_000;

/**
 * Makes a connection; the caller closes it. Connects in the background. A network that lost the connection without
 * closing it is noticed by an answer that is overdue.
 */
export function openRedis(
  settings: RedisSettings,
  role: RedisRole,
  log: RedisLog,
  patience = { silenceMs: silenceMs[role], askEveryMs },
): RedisConnection {
  const options = { ...optionsOf(settings, role), socketTimeout: patience.silenceMs };
  const [endpoint] = settings.endpoints;
  const connection = settings.cluster
    ? new Cluster(settings.endpoints, {
        redisOptions: options,
        enableOfflineQueue: role !== "producer",
        // TLS certificates carry names, not the addresses they resolve to.
        ...(settings.tls && { dnsLookup: (address, callback) => callback(null, address) }),
        clusterRetryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000),
        // One try takes 100 ms while a master fails over, which takes 15 s and more by default.
        maxRedirections: role === "producer" ? 20 : 3000,
        retryDelayOnMoved: 20,
        // A master that vanished without closing its connections is noticed when the others have replaced it.
        slotsRefreshInterval: 10_000,
      })
    : new Redis({ ...endpoint, ...options, db: settings.db });
  if (connection instanceof Redis) gatherWrites(connection);
  if (role === "subscriber") askRegularly(connection, patience.askEveryMs);
  let lastWarning = 0;
  connection.on("error", (thrown: Error & { lastNodeError?: Error }) => {
    if (Date.now() - lastWarning < 5000) return;
    lastWarning = Date.now();
    // A Cluster hides behind its own error what its nodes have said.
    const error = thrown.lastNodeError ?? thrown;
    const { message, remedy } = explainRedisError(error, settings.tls);
    const fields = { role, reason: error.message, means: message, remedy };
    log.warn(fields, "Redis connection failed; trying again");
  });
  return connection;
}

function askRegularly(connection: RedisConnection, everyMs: number): void {
  const timer = setInterval(() => {
    if (connection.status === "ready") connection.ping().catch(() => {});
  }, everyMs).unref();
  connection.once("end", () => clearInterval(timer));
}

function optionsOf(settings: RedisSettings, role: RedisRole): RedisOptions {
  const { username, password, tls, keepAliveMs } = settings;
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    keepAlive: keepAliveMs ?? 10_000,
    connectTimeout: 5000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000),
    maxRetriesPerRequest: role === "producer" ? 1 : null,
    ...(role === "producer" && { commandTimeout: 5000 }),
    enableReadyCheck: true,
    autoResubscribe: true,
  };
}

/** A second connection like the first, e.g. for blocking calls; the caller closes it. */
export const duplicateRedis = (connection: RedisConnection): RedisConnection =>
  connection instanceof Cluster ? connection.duplicate() : connection.duplicate();

/** Whether Redis answers now: a connection can be open to one that does not. */
export async function isAnswering(connection: RedisConnection, timeoutMs = 1500): Promise<boolean> {
  if (connection.status !== "ready") return false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const ping = connection.ping().then(
    () => true,
    () => false,
  );
  return Promise.race([ping, late]).finally(() => clearTimeout(timer));
}

/** Closes a connection without waiting for a Redis that is away. */
export async function closeRedis(connection: RedisConnection): Promise<void> {
  const quit = connection.quit().catch(() => undefined);
  const timeout = new Promise((resolve) => setTimeout(resolve, 1000).unref());
  await Promise.race([quit, timeout]);
  connection.disconnect();
}
