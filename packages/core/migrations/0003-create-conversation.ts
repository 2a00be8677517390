import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table chat_message (
      id uuid primary key,
      seq bigserial not null,
      role text not null,
      chatflowid uuid not null,
      execution_id uuid,
      content text not null,
      source_documents text,
      used_tools text,
      file_annotations text,
      agent_reasoning text,
      reason_content text,
      file_uploads text,
      artifacts text,
      action text,
      chat_type text not null,
      chat_id text not null,
      memory_type text,
      session_id text,
      lead_email text,
      follow_up_prompts text,
      created_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create index chat_message_session on chat_message (chatflowid, session_id, seq)`.execute(db);
  await sql`create index chat_message_chat on chat_message (chatflowid, chat_id)`.execute(db);
  await sql`
    create table chat_message_feedback (
      id uuid primary key,
      chatflowid uuid not null,
      chat_id text not null,
      message_id uuid not null unique,
      rating text,
      content text,
      created_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create index chat_message_feedback_chat
      on chat_message_feedback (chatflowid, chat_id)`.execute(db);
  await sql`
    create table lead (
      id uuid primary key,
      chatflowid uuid not null,
      chat_id text not null,
      name text,
      email text,
      phone text,
      created_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`create index lead_flow on lead (chatflowid, created_date)`.execute(db);
}
