import { type Kysely, sql } from "kysely";

/** No foreign keys here: the hot path writes these, and a run may outlive its flow. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table prediction (
      id text primary key,
      flow_id uuid not null,
      flow_version integer not null,
      chat_id text not null,
      session_id text not null,
      state text not null,
      fence integer not null default 0,
      segment integer not null default 0,
      request bytea,
      result text,
      error text,
      execution_id uuid,
      events text,
      created_at timestamptz(3) not null default now(),
      started_at timestamptz(3),
      finished_at timestamptz(3),
      deadline_at timestamptz(3)
    )`.execute(db);
  await sql`
    create index prediction_open on prediction (state, created_at)
      where state in ('queued', 'running', 'paused')`.execute(db);
  await sql`create index prediction_flow on prediction (flow_id, created_at)`.execute(db);
  await sql`
    create table execution (
      id uuid primary key,
      agentflow_id uuid not null,
      session_id text not null,
      state text not null,
      execution_data text not null,
      action text,
      is_public boolean not null default false,
      created_date timestamptz(3) not null default now(),
      updated_date timestamptz(3) not null default now(),
      stopped_date timestamptz(3)
    )`.execute(db);
  await sql`
    create index execution_session
      on execution (agentflow_id, session_id, created_date desc)`.execute(db);
  await sql`create index execution_updated_date on execution (updated_date desc)`.execute(db);
}
