import { type Kysely, sql } from "kysely";

/** What a prediction needs to be found, told apart and run again by anybody. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table prediction
      add column job text,
      add column api_key_id uuid,
      add column idempotency_key text,
      add column idempotency_hash text,
      add column metadata text,
      add column priority integer not null default 0,
      add column webhook text`.execute(db);
  await sql`
    create unique index prediction_idempotency on prediction (api_key_id, idempotency_key)
      where idempotency_key is not null`.execute(db);
  await sql`create index prediction_newest on prediction (created_at desc, id desc)`.execute(db);
  await sql`
    create table webhook_delivery (
      id uuid primary key,
      prediction_id text not null,
      event text not null,
      url text not null,
      payload text not null,
      attempts integer not null default 0,
      next_at timestamptz(3) not null default now(),
      state text not null default 'pending',
      last_status integer,
      last_error text,
      created_at timestamptz(3) not null default now(),
      delivered_at timestamptz(3)
    )`.execute(db);
  await sql`
    create index webhook_delivery_due on webhook_delivery (next_at) where state = 'pending'`.execute(
    db,
  );
  await sql`
    create index webhook_delivery_prediction on webhook_delivery (prediction_id, created_at)`.execute(
    db,
  );
}
