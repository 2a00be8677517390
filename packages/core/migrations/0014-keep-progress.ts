import { type Kysely, sql } from "kysely";

/** How far an accepted prediction has come, for whoever goes on with it when its queue has forgotten. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table prediction add column progress text`.execute(db);
}
