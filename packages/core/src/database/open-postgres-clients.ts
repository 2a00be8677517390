import { Socket } from "node:net";
import { type AddressPolicySetting, addressPolicy } from "@sluice/engine/http/address-policy";
import { checkedLookup } from "@sluice/engine/http/checked-lookup";
import { denied } from "@sluice/engine/http/fetch-error";
import type {
  PostgresClients,
  PostgresDefaults,
  PostgresPlace,
} from "@sluice/engine/retrieval/postgres-clients";
import pg from "pg";

const maxPools = 50;
const maxConnections = 4;
const statementTimeoutMs = 60_000;

/** Pools of databases that flows name: under the rules of outbound requests, and small. */
export function openPostgresClients(
  setting: AddressPolicySetting,
  defaults?: PostgresDefaults,
): PostgresClients & { close(): Promise<void> } {
  const policy = addressPolicy(setting);
  const lookup = checkedLookup(policy, { ttlMs: 30_000, maxEntries: 500 });
  const pools = new Map<string, pg.Pool>();

  function poolOf(place: PostgresPlace): pg.Pool {
    if (policy.deniesHost(place.host)) throw denied(place.host);
    const key = JSON.stringify(place);
    const pool = pools.get(key) ?? openPool(place);
    // The one that was used last stands at the end.
    pools.delete(key);
    pools.set(key, pool);
    if (pools.size > maxPools) {
      const [oldest, unused] = pools.entries().next().value!;
      pools.delete(oldest);
      unused.end().catch(() => {});
    }
    return pool;
  }

  function openPool(place: PostgresPlace): pg.Pool {
    const pool = new pg.Pool({
      ...place,
      ssl: place.ssl,
      // The socket goes to the address that was checked; TLS still asks for the host's name.
      stream: () => {
        const socket = new Socket();
        const connect = socket.connect.bind(socket);
        const guarded = (port: number, host: string) => connect({ port, host, lookup });
        return Object.assign(socket, { connect: guarded });
      },
      max: maxConnections,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 30_000,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + 5_000,
      application_name: "sluice",
    });
    pool.on("error", () => {});
    return pool;
  }

  return {
    defaults,
    async query(place, statement, values, signal) {
      signal.throwIfAborted();
      const client = await poolOf(place).connect();
      if (signal.aborted) {
        client.release();
        throw signal.reason;
      }
      let broken: Error | undefined;
      // A connection in the middle of a statement cannot be given to anybody else.
      const abort = () => {
        broken = new Error("aborted");
        client.release(broken);
      };
      signal.addEventListener("abort", abort, { once: true });
      try {
        return (await client.query(statement, values)).rows;
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        signal.removeEventListener("abort", abort);
        if (!broken) client.release();
      }
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}
