import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table schedule (
      flow_id uuid primary key,
      enabled boolean not null default true,
      cron text not null,
      timezone text not null,
      ends_at timestamptz(3),
      created_date timestamptz(3) not null default now(),
      updated_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table schedule_log (
      id uuid primary key,
      flow_id uuid not null,
      scheduled_at timestamptz(3) not null,
      status text not null,
      prediction_id text,
      error text,
      created_date timestamptz(3) not null default now(),
      unique (flow_id, scheduled_at)
    )`.execute(db);
}
