import { type Kysely, sql } from "kysely";

/** What all flows of an installation share. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table credential (
      id uuid primary key,
      name text not null,
      credential_name text not null,
      sealed bytea not null,
      created_date timestamptz(3) not null default now(),
      updated_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table variable (
      id uuid primary key,
      name text not null,
      value text not null,
      type text not null,
      created_date timestamptz(3) not null default now(),
      updated_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table tool (
      id uuid primary key,
      name text not null,
      description text not null,
      color text not null,
      icon_src text,
      schema text,
      func text,
      created_date timestamptz(3) not null default now(),
      updated_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table api_key (
      id uuid primary key,
      key_name text not null,
      key_hash text not null unique,
      key_hint text not null,
      permissions text not null,
      updated_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`create table setting (name text primary key, value text not null)`.execute(db);
}
