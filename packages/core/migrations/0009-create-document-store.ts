import { type Kysely, sql } from "kysely";

/** Documents that flows look into, and what of them is in which vector store. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table document_store (
      id uuid primary key,
      name text not null,
      description text,
      loaders text not null default '[]',
      where_used text not null default '[]',
      status text not null,
      vector_store_config text,
      embedding_config text,
      record_manager_config text,
      created_date timestamptz(3) not null default now(),
      updated_date timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table document_store_chunk (
      id uuid primary key,
      store_id uuid not null references document_store (id) on delete cascade,
      doc_id uuid not null,
      chunk_no integer not null,
      page_content text not null,
      metadata text not null
    )`.execute(db);
  await sql`
    create index document_store_chunk_order on document_store_chunk (store_id, doc_id, chunk_no)`.execute(
    db,
  );
  await sql`
    create table document_store_vector (
      id uuid primary key,
      store_id uuid not null references document_store (id) on delete cascade,
      doc_id uuid not null,
      hash text not null
    )`.execute(db);
  await sql`
    create index document_store_vector_doc on document_store_vector (store_id, doc_id)`.execute(db);
}
