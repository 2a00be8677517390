import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table flow (
      id uuid primary key,
      name text not null,
      type text not null,
      version integer not null default 1,
      flow_data text not null,
      deployed boolean not null default false,
      is_public boolean not null default false,
      apikeyid text,
      chatbot_config text,
      api_config text,
      analytic text,
      speech_to_text text,
      text_to_speech text,
      follow_up_prompts text,
      mcp_server_config text,
      category text,
      created_date timestamptz(3) not null default now(),
      updated_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`create index flow_updated_date on flow (updated_date desc)`.execute(db);
  await sql`
    create table flow_version (
      flow_id uuid not null references flow (id) on delete cascade,
      version integer not null,
      snapshot text not null,
      created_date timestamptz(3) not null default now(),
      primary key (flow_id, version)
    )`.execute(db);
}
