import { randomUUID } from "node:crypto";
import { Cluster } from "ioredis";
import { redisKeys } from "../prediction/redis-keys.ts";
import { tryRights } from "../redis/check-rights.ts";
import { closeRedis, openRedis, type RedisConnection } from "../redis/open-redis.ts";
import type { RedisSettings } from "../redis/redis-settings.ts";
import { explainRedisError } from "./connection-error.ts";
import { budget, type Finding, type Fleet, fail, ok, warn } from "./finding.ts";
import { reachRedis } from "./reach-redis.ts";
import { commandEstimate } from "./redis-commands.ts";

const deadlineMs = 10_000;
const soonMs = 14 * 24 * 3600_000;
/** Connections of one process. */
const perApi = 4;
const perWorker = 6;

/** Looks at a Redis as the queue needs it. Changes nothing. */
export async function checkRedis(
  settings: RedisSettings,
  fleet: Fleet,
  queueName: string,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const endpoint of settings.endpoints) {
    const name = `${endpoint.host}:${endpoint.port}`;
    try {
      const { certificate } = await reachRedis(settings, endpoint);
      findings.push(ok("redis.reach", `Redis at ${name} answers`));
      if (certificate) findings.push(checkCertificate(name, certificate));
    } catch (error) {
      const { message, remedy } = explainRedisError(error as Error, settings.tls);
      findings.push(fail("redis.reach", `Redis at ${name} cannot be used: ${message}`, remedy));
    }
  }
  for (const warning of settings.warnings)
    findings.push(
      warn("redis.verify", warning, "set REDIS_CA instead: REDIS_CA=$(base64 -w0 ca.pem)"),
    );
  if (findings.some(({ level }) => level === "fail")) return findings;
  const redis = openRedis({ ...settings }, "producer", { warn: () => {} });
  try {
    await ready(redis);
    findings.push(...(await within(inspect(redis, settings, fleet, queueName))));
  } catch (error) {
    const { message, remedy } = explainRedisError(error as Error);
    findings.push(fail("redis.use", `Redis refuses: ${message}`, remedy));
  } finally {
    await closeRedis(redis);
  }
  return findings;
}

function checkCertificate(name: string, certificate: { issuer: string; validTo: Date }): Finding {
  const until = certificate.validTo.toISOString().slice(0, 10);
  const words = `the certificate of ${name} is signed by ${certificate.issuer} and valid until ${until}`;
  return certificate.validTo.getTime() - Date.now() < soonMs
    ? warn("redis.tls", words, "renew the certificate of the Redis server")
    : ok("redis.tls", words);
}

async function inspect(
  redis: RedisConnection,
  settings: RedisSettings,
  fleet: Fleet,
  queueName: string,
): Promise<Finding[]> {
  const info = parseInfo(await redis.info());
  const config = async (name: string) =>
    ((await redis.config("GET", name).catch(() => [])) as string[])[1];
  const policy = info.maxmemory_policy ?? (await config("maxmemory-policy"));
  const maxClients = Number(info.maxclients ?? (await config("maxclients")) ?? 0);
  return [
    checkVersion(info),
    checkPolicy(policy),
    ...checkCluster(info, settings),
    await checkBlocking(redis, redisKeys(queueName).lease(randomUUID())),
    await checkRights(redis, { name: queueName, cluster: settings.cluster }),
    maxClients > 0
      ? budget(
          "redis.connections",
          fleet.apis * perApi + fleet.workers * perWorker,
          maxClients,
          "CONFIG SET maxclients <more>, a larger instance, or fewer processes",
        )
      : ok("redis.connections", "the server does not tell how many connections it allows"),
    checkCost(settings, fleet),
  ];
}

function checkVersion({ redis_version: version = "", valkey_version, server_name }: Info): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const words = valkey_version
    ? `Valkey ${valkey_version}`
    : `${server_name ?? "Redis"} ${version}`;
  return major > 6 || (major === 6 && minor >= 2)
    ? ok("redis.version", words)
    : fail("redis.version", `${words} is too old`, "upgrade to Redis 6.2 or later, or to Valkey");
}

function checkPolicy(policy: string | undefined): Finding {
  if (policy === "noeviction") return ok("redis.eviction", "maxmemory-policy is noeviction");
  if (!policy)
    return warn(
      "redis.eviction",
      "the server does not tell its maxmemory-policy",
      "see in its console that maxmemory-policy is noeviction (Upstash: eviction off)",
    );
  return fail(
    "redis.eviction",
    `maxmemory-policy is ${policy}: when memory is short, Redis would throw jobs away`,
    "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf or the parameter group",
  );
}

function checkCluster(info: Info, { cluster, endpoints }: RedisSettings): Finding[] {
  if (info.cluster_enabled === undefined) return [];
  const enabled = info.cluster_enabled === "1";
  if (enabled === cluster)
    return [ok("redis.cluster", enabled ? `Cluster of ${endpoints.length} given` : "no Cluster")];
  return enabled
    ? [
        fail(
          "redis.cluster",
          "the server belongs to a Cluster, but is addressed as a single one",
          "give some of its nodes: REDIS_URL=rediss://node1:6379,rediss://node2:6379",
        ),
      ]
    : [
        fail(
          "redis.cluster",
          "several endpoints are given, but the server is not in Cluster mode",
          "give one endpoint in REDIS_URL",
        ),
      ];
}

/** Workers wait in BZPOPMIN; what only passes requests on cannot do that. */
async function checkBlocking(redis: RedisConnection, key: string): Promise<Finding> {
  const startedAt = Date.now();
  try {
    await redis.bzpopmin(key, 0.2);
    const tookMs = Date.now() - startedAt;
    if (tookMs >= 100) return ok("redis.blocking", "blocking commands wait as they should");
    throw new Error(`BZPOPMIN came back after ${tookMs} ms instead of waiting`);
  } catch (error) {
    return fail(
      "redis.blocking",
      `blocking commands do not work: ${(error as Error).message}`,
      "address Redis itself over TCP, not a proxy or the REST endpoint",
    );
  }
}

async function checkRights(
  redis: RedisConnection,
  queue: { name: string; cluster: boolean },
): Promise<Finding> {
  try {
    await tryRights(redis, queue);
    return ok("redis.scripts", "scripts and messages work");
  } catch (error) {
    const { message, remedy } = explainRedisError(error as Error);
    return fail("redis.scripts", `scripts or messages do not work: ${message}`, remedy);
  }
}

function checkCost(settings: RedisSettings, fleet: Fleet): Finding {
  const estimate = commandEstimate(fleet);
  const millions = (count: number) => `${(count / 1e6).toFixed(1)} million`;
  const words =
    `about ${millions(estimate.idlePerMonth)} commands a month when idle, ` +
    `and about ${estimate.perPrediction} for each prediction`;
  const paysPerCommand = settings.endpoints.some(({ host }) => /\.upstash\.io$/i.test(host));
  return paysPerCommand
    ? warn(
        "redis.commands",
        words,
        fleet.frugal
          ? "take a plan with a fixed price, or let workers scale to zero"
          : "set REDIS_PROFILE=frugal, take a plan with a fixed price, or let workers scale to zero",
      )
    : ok("redis.commands", words);
}

type Info = Record<string, string | undefined>;
const parseInfo = (text: string): Info =>
  Object.fromEntries(
    text
      .split(/\r?\n/)
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );

/** Resolves when commands are taken; rejects with the reason why not. */
function ready(redis: RedisConnection): Promise<void> {
  return within(
    new Promise((resolve, reject) => {
      redis.once("ready", () => resolve());
      // A Cluster hides behind its own error what its nodes have said.
      redis.on("error", (error: Error & { lastNodeError?: Error }) =>
        reject(redis instanceof Cluster ? (error.lastNodeError ?? error) : error),
      );
    }),
  );
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("timed out")), deadlineMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
