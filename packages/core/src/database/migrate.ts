import { Kysely, PostgresDialect, sql } from "kysely";
import { Migrator } from "kysely/migration";
import pg from "pg";
import { migrations } from "./migrations.ts";
import { connection, type DatabaseOptions } from "./open-database.ts";

/** Any number, as long as every version of Sluice uses the same. */
const lockId = 7_583_920_164;

/**
 * Brings the schema up to date and returns the names of the migrations it ran. Safe to call from many
 * processes at once: one works, the others wait for it, at most `waitMs` each.
 */
export async function migrateToLatest(
  options: Pick<DatabaseOptions, "url" | "ssl">,
  { waitMs = 60_000 }: { waitMs?: number } = {},
): Promise<string[]> {
  // A pool of its own: a migration may take longer than any statement of a request is allowed to.
  const pool = new pg.Pool({
    ...connection(options),
    max: 1,
    connectionTimeoutMillis: Math.min(waitMs, 15_000),
    lock_timeout: waitMs,
  });
  pool.on("error", () => {});
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    // The lock belongs to the session and goes with it, whatever happens below.
    return await db.connection().execute(async (session) => {
      await sql`select pg_advisory_lock(${lockId})`.execute(session);
      return run(session);
    });
  } finally {
    await db.destroy();
  }
}

async function run(db: Kysely<unknown>): Promise<string[]> {
  const provider = { getMigrations: async () => migrations };
  const { error, results = [] } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw error;
  return results.map((result) => result.migrationName);
}
