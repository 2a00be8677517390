import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Database } from "./schema.ts";

/** A connection pool or a transaction on it. */
export type Db = Kysely<Database>;
export type Pool = pg.Pool;

export interface DatabaseOptions {
  url: string;
  /** TLS as Node takes it; given, it goes before what the URL says. Certificates are verified unless it says otherwise. */
  ssl?: pg.ConnectionConfig["ssl"];
  maxConnections: number;
  /** For a connection from the pool, be it a new one or a free one. */
  connectTimeoutMs?: number;
  statementTimeoutMs?: number;
  /** Told of idle connections that broke; the pool replaces them by itself. */
  onConnectionError?: (error: Error) => void;
}

export interface OpenDatabase {
  db: Db;
  /** For the hot path, which runs named statements on `pg` directly. */
  pool: Pool;
  close(): Promise<void>;
}

/** Opens a pool; connects on first use. */
export function openDatabase(options: DatabaseOptions): OpenDatabase {
  const { maxConnections, connectTimeoutMs = 5_000, statementTimeoutMs = 30_000 } = options;
  const pool = new pg.Pool({
    ...connection(options),
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    // The server's clock cannot end a wait on a dead network.
    query_timeout: statementTimeoutMs + 5_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  // An `error` event that nobody listens to would end the process.
  pool.on("error", options.onConnectionError ?? (() => {}));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return { db, pool, close: () => db.destroy() };
}

/** How to reach the server, without a pool's settings. */
export function connection({ url, ssl }: Pick<DatabaseOptions, "url" | "ssl">) {
  return {
    connectionString: ssl === undefined ? url : withoutSsl(url),
    ...(ssl !== undefined && { ssl }),
    keepAlive: true,
    application_name: "sluice",
  } satisfies pg.ClientConfig;
}

/** `pg` lets TLS words of a URL win over an explicit object, CA and all. */
function withoutSsl(url: string): string {
  const parsed = new URL(url);
  for (const name of ["ssl", "sslmode", "sslcert", "sslkey", "sslrootcert", "uselibpqcompat"])
    parsed.searchParams.delete(name);
  return parsed.toString();
}
