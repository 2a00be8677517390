import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type AddressPolicySetting, addressPolicy } from "@sluice/engine/http/address-policy";
import { checkedLookup } from "@sluice/engine/http/checked-lookup";
import { denied } from "@sluice/engine/http/fetch-error";
import type { RedisClients, RedisPlace } from "@sluice/engine/redis-clients";
import { AbstractConnector, Redis } from "ioredis";

const maxClients = 50;
const idleMs = 60_000;
const connectTimeoutMs = 5000;
const disconnectTimeoutMs = 2000;
const commandTimeoutMs = 10_000;

interface Client {
  redis: Redis;
  inUse: number;
  idle: NodeJS.Timeout | undefined;
}

/** Connections to servers that flows name: under the rules of outbound requests, one for each server, closed when idle. */
export function openRedisClients(
  setting: AddressPolicySetting & { ca?: string },
): RedisClients & { close(): Promise<void> } {
  const policy = addressPolicy(setting);
  const lookup = checkedLookup(policy, { ttlMs: 30_000, maxEntries: 500 });
  const clients = new Map<string, Client>();

  /** The socket goes to the address that was checked; TLS still asks for the host's name. */
  function connect({ host, port, tls }: RedisPlace): Socket {
    if (!tls) return connectPlain({ host, port, lookup });
    const ca = setting.ca === undefined ? {} : { ca: setting.ca };
    return connectTls({ host, port, lookup, ...(!isIP(host) && { servername: host }), ...ca });
  }

  function clientOf(place: RedisPlace): Client {
    if (policy.deniesHost(place.host)) throw denied(place.host);
    const key = JSON.stringify(place);
    const known = clients.get(key);
    if (known) {
      clearTimeout(known.idle);
      return known;
    }
    if (clients.size >= maxClients) {
      const unused = [...clients].find(([, { inUse }]) => inUse === 0);
      if (!unused) throw new Error("Too many Redis servers are in use at once");
      forget(unused[0], unused[1]);
    }
    const client = { redis: open(place).on("error", () => {}), inUse: 0, idle: undefined };
    clients.set(key, client);
    return client;
  }

  function open(place: RedisPlace): Redis {
    class GuardedConnector extends AbstractConnector {
      constructor() {
        super(disconnectTimeoutMs);
      }
      connect() {
        this.connecting = true;
        this.stream = connect(place);
        return Promise.resolve(this.stream);
      }
    }
    const { host, port, username, password, db } = place;
    const redis = new Redis({
      Connector: GuardedConnector,
      host,
      port,
      db,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      lazyConnect: true,
      connectTimeout: connectTimeoutMs,
      commandTimeout: commandTimeoutMs,
      maxRetriesPerRequest: 0,
      // The next call connects anew; nobody waits for a server that is away.
      retryStrategy: () => null,
      enableReadyCheck: false,
      connectionName: "sluice",
    });
    return redis;
  }

  function forget(key: string, client: Client): void {
    clearTimeout(client.idle);
    if (clients.get(key) === client) clients.delete(key);
    client.redis.disconnect();
  }

  return {
    async call(place, commands, signal) {
      signal.throwIfAborted();
      const client = clientOf(place);
      const key = JSON.stringify(place);
      client.inUse++;
      let aborted: () => void = () => {};
      const abort = new Promise<never>((_, reject) => {
        aborted = () => reject(signal.reason);
        signal.addEventListener("abort", aborted, { once: true });
      });
      try {
        return await Promise.race([send(client.redis, place, commands), abort]);
      } catch (error) {
        if (client.redis.status !== "ready") forget(key, client);
        throw error;
      } finally {
        signal.removeEventListener("abort", aborted);
        client.inUse--;
        if (client.inUse === 0 && clients.get(key) === client) {
          client.idle = setTimeout(() => forget(key, client), idleMs);
          client.idle.unref();
        }
      }
    },
    async close() {
      for (const [key, client] of clients) forget(key, client);
    },
  };
}

async function send(redis: Redis, place: RedisPlace, commands: string[][]): Promise<unknown[]> {
  let lost: Error | undefined;
  const onError = (error: Error) => {
    lost = error;
  };
  redis.on("error", onError);
  try {
    if (redis.status === "wait" || redis.status === "end") await redis.connect();
    // Sent together; each has the server's own answer.
    return await Promise.all(commands.map(([name = "", ...args]) => redis.call(name, ...args)));
  } catch (cause) {
    // What ended a connection says more than that it has ended.
    const { message } = lost ?? (cause as Error);
    throw new Error(`Redis on ${place.host}: ${message}`, { cause });
  } finally {
    redis.off("error", onError);
  }
}
