/** A PostgreSQL database that a flow names itself. */
export interface PostgresPlace {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  /** False for a plain connection. Certificates are verified unless it says otherwise. */
  ssl: boolean | { rejectUnauthorized?: boolean; ca?: string };
}

export interface PostgresDefaults {
  place: PostgresPlace;
  table?: string | undefined;
}

/** Connections to such databases, pooled and guarded like requests are. */
export interface PostgresClients {
  /** Where an operator keeps vectors of flows that name no database. */
  defaults?: PostgresDefaults | undefined;
  /** Rejects with the server's error, its SQLSTATE in `code`. */
  query(
    place: PostgresPlace,
    statement: string,
    values: unknown[],
    signal: AbortSignal,
  ): Promise<Record<string, unknown>[]>;
}
