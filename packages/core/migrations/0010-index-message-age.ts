import { type Kysely, sql } from "kysely";

/** Messages come in the order of their age, so a few pages of an index tell where the old ones lie. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create index chat_message_created_date on chat_message using brin (created_date)
      with (autosummarize = on)`.execute(db);
}
