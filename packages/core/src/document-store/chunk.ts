import { randomUUID } from "node:crypto";
import type { Document } from "@sluice/engine/retrieval/document";
import type { Selectable } from "kysely";
import type { Db } from "../database/open-database.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { AppError, notFound } from "../error.ts";
import { changeLoaders } from "./document-store.ts";
import { loaderOf } from "./loader.ts";

/** A piece of a document: its row. */
export type Chunk = Selectable<Database["document_store_chunk"]>;

const pageSize = 50;
const batchSize = 500;
const maxChunks = 20_000;
const maxCharacters = 20_000_000;

/** Documents as chunks of a loader. Throws `too_large` for more than one upsert may bring. */
export function chunksOf(storeId: string, docId: string, documents: Document[]): Chunk[] {
  const characters = charactersOf(documents.map(({ pageContent }) => pageContent));
  if (documents.length > maxChunks || characters > maxCharacters)
    throw new AppError(
      "too_large",
      `${documents.length} chunks of ${characters} characters are too many at once: the limits are ${maxChunks} and ${maxCharacters}`,
    );
  return documents.map(({ pageContent, metadata }, index) => ({
    id: randomUUID(),
    store_id: storeId,
    doc_id: docId,
    chunk_no: index + 1,
    // Postgres keeps no NUL in a text.
    page_content: pageContent.replaceAll("\0", ""),
    metadata: JSON.stringify(metadata).replaceAll("\\u0000", ""),
  }));
}

export const charactersOf = (texts: string[]): number =>
  texts.reduce((sum, text) => sum + text.length, 0);

/** Puts a loader's chunks in place of those it had; to be called in a transaction. */
export async function replaceChunks(
  db: Db,
  storeId: string,
  docId: string,
  chunks: Chunk[],
): Promise<void> {
  await ofLoader(db.deleteFrom("document_store_chunk"), storeId, docId).execute();
  for (let from = 0; from < chunks.length; from += batchSize)
    await db
      .insertInto("document_store_chunk")
      .values(chunks.slice(from, from + batchSize))
      .execute();
}

/** All chunks of a loader, or of the whole store. */
export async function listChunks(db: Db, storeId: string, docId?: string): Promise<Chunk[]> {
  const query = db.selectFrom("document_store_chunk").selectAll();
  return ofLoader(query, storeId, docId).orderBy("doc_id").orderBy("chunk_no").execute();
}

/** All documents of a store, as its loaders read them. Throws `too_large` for more than a flow may take at once. */
export async function storedDocuments(db: Db, storeId: string): Promise<Document[]> {
  if (!isUuid(storeId)) throw notFound("Document store", storeId);
  const rows = await db
    .selectFrom("document_store_chunk")
    .select(["page_content", "metadata"])
    .where("store_id", "=", storeId)
    .orderBy("doc_id")
    .orderBy("chunk_no")
    .limit(maxChunks + 1)
    .execute();
  if (rows.length > maxChunks)
    throw new AppError("too_large", `The document store holds more than ${maxChunks} chunks`);
  return rows.map(({ page_content, metadata }) => ({
    pageContent: page_content,
    metadata: JSON.parse(metadata) as Record<string, unknown>,
  }));
}

export async function pageOfChunks(
  db: Db,
  storeId: string,
  docId: string | undefined,
  page: number,
): Promise<{ chunks: Chunk[]; count: number }> {
  const rows = db.selectFrom("document_store_chunk");
  const ordered = ofLoader(rows.selectAll(), storeId, docId).orderBy("doc_id").orderBy("chunk_no");
  const chunks = await ordered
    .limit(pageSize)
    .offset(pageSize * (Math.max(page, 1) - 1))
    .execute();
  const { count } = await ofLoader(
    rows.select((eb) => eb.fn.countAll<string>().as("count")),
    storeId,
    docId,
  ).executeTakeFirstOrThrow();
  return { chunks, count: Number(count) };
}

/** Changes a chunk, or deletes it where nothing is given. The vector store follows at the next insertion. */
export async function editChunk(
  db: Db,
  place: { storeId: string; docId: string; chunkId: string },
  content: { pageContent: string; metadata: Record<string, unknown> } | undefined,
): Promise<void> {
  const { storeId, docId, chunkId } = place;
  await db.transaction().execute(async (transaction) => {
    const chunk = await findChunk(transaction, place);
    const rows = transaction;
    if (content)
      await rows
        .updateTable("document_store_chunk")
        .set({ page_content: content.pageContent, metadata: JSON.stringify(content.metadata) })
        .where("id", "=", chunkId)
        .execute();
    else await rows.deleteFrom("document_store_chunk").where("id", "=", chunkId).execute();
    await changeLoaders(transaction, storeId, (loaders) => {
      const loader = loaderOf(loaders, docId);
      loader.totalChars += (content?.pageContent.length ?? 0) - chunk.page_content.length;
      if (!content) loader.totalChunks--;
      return loaders;
    });
  });
}

async function findChunk(
  db: Db,
  { storeId, docId, chunkId }: { storeId: string; docId: string; chunkId: string },
): Promise<Chunk> {
  const row = [storeId, docId, chunkId].every(isUuid)
    ? await ofLoader(db.selectFrom("document_store_chunk").selectAll(), storeId, docId)
        .where("id", "=", chunkId)
        .executeTakeFirst()
    : undefined;
  if (!row) throw notFound("Document chunk", chunkId);
  return row;
}

/** Narrows a query to a store and, where given, to one of its loaders. */
function ofLoader<Q extends { where(column: "store_id" | "doc_id", is: "=", id: string): Q }>(
  query: Q,
  storeId: string,
  docId: string | undefined,
): Q {
  const inStore = query.where("store_id", "=", storeId);
  return docId === undefined ? inStore : inStore.where("doc_id", "=", docId);
}
