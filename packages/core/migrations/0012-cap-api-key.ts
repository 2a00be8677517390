import { type Kysely, sql } from "kysely";

/** How many predictions of a key may be open at once, in place of what all keys may. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table api_key add column max_concurrent integer`.execute(db);
}
