import { type Kysely, sql } from "kysely";

/** What a run that waits for a human goes on from; its records are the execution's. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table prediction add column checkpoint text`.execute(db);
  await sql`
    create index prediction_checkpoint on prediction (execution_id)
      where checkpoint is not null`.execute(db);
}
