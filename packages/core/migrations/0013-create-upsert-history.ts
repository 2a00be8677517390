import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table upsert_history (
      id uuid primary key,
      chatflowid uuid not null,
      result text not null,
      flow_data text not null,
      date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`create index upsert_history_chatflowid on upsert_history (chatflowid, date)`.execute(
    db,
  );
  // What failed upserts could not take out of a vector store again.
  await sql`
    create table upsert_leftover (
      id text not null,
      flow_id uuid not null,
      node_id text not null,
      primary key (flow_id, node_id, id)
    )`.execute(db);
}
