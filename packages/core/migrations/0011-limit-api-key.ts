import { type Kysely, sql } from "kysely";

/** Whose a key is, and what it may do in a time in place of what all keys may. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table api_key add column tenant text, add column rate_limit text`.execute(db);
}
