import { createHash } from "node:crypto";
import type { Document } from "@sluice/engine/retrieval/document";
import type { VectorStore } from "@sluice/engine/retrieval/vector-store";
import type { Db } from "../database/open-database.ts";
import type { Chunk } from "./chunk.ts";

/** What an insertion did, in Flowise's words. */
export interface IndexResult {
  numAdded: number;
  numDeleted: number;
  numUpdated: number;
  numSkipped: number;
  addedDocs: Document[];
}

// So many vectors are in memory at once.
const batchSize = 500;

/**
 * Puts a loader's chunks into a vector store and takes out what the loader had there before. Ids are noted before
 * they are used: whatever happens in between, the next insertion knows what to take out.
 */
export async function indexChunks(
  db: Db,
  options: {
    store: VectorStore;
    storeId: string;
    docId: string;
    chunks: Chunk[];
    /** Leave alone what is there unchanged. */
    skipUnchanged: boolean;
    signal: AbortSignal;
    /** Called between adding and taking out, when the new documents can be found. */
    commit?: (chunks: Chunk[]) => Promise<void>;
  },
): Promise<IndexResult> {
  const { store, storeId, docId, skipUnchanged, signal, commit } = options;
  const known = await notedVectors(db, storeId, docId);
  const { chunks, fresh, kept } = compare(options.chunks, skipUnchanged ? known : []);
  const freshIds = new Set(fresh.map(({ id }) => id));
  const documents = fresh.map(
    (chunk): Document => ({
      pageContent: chunk.page_content,
      metadata: { ...(JSON.parse(chunk.metadata) as Record<string, unknown>), docId },
    }),
  );
  await note(db, storeId, docId, fresh);
  const ids = [...freshIds];
  try {
    for (let from = 0; from < documents.length; from += batchSize) {
      const to = from + batchSize;
      await store.add(documents.slice(from, to), signal, ids.slice(from, to));
    }
    await commit?.(chunks);
  } catch (error) {
    const added = ids.filter((id) => !known.some((one) => one.id === id));
    // What cannot be taken out now stays noted, and is taken out next time.
    await remove(db, store, storeId, added, AbortSignal.timeout(30_000)).catch(() => {});
    throw error;
  }
  const stale = known.map(({ id }) => id).filter((id) => !freshIds.has(id) && !kept.has(id));
  await remove(db, store, storeId, stale, signal);
  return {
    numAdded: fresh.length,
    numDeleted: stale.length,
    numUpdated: 0,
    numSkipped: kept.size,
    addedDocs: documents,
  };
}

/** Takes everything out that is noted of a store, or of one of its loaders. */
export async function clearVectors(
  db: Db,
  store: VectorStore,
  place: { storeId: string; docId?: string | undefined },
  signal: AbortSignal,
): Promise<number> {
  const ids = (await notedVectors(db, place.storeId, place.docId)).map(({ id }) => id);
  await remove(db, store, place.storeId, ids, signal);
  return ids.length;
}

export async function notedVectors(
  db: Db,
  storeId: string,
  docId?: string,
): Promise<{ id: string; hash: string }[]> {
  const rows = db.selectFrom("document_store_vector").select(["id", "hash"]);
  const ofStore = rows.where("store_id", "=", storeId);
  return (docId === undefined ? ofStore : ofStore.where("doc_id", "=", docId)).execute();
}

/** Chunks that are known by their content take the id they are known under. */
function compare(given: Chunk[], known: { id: string; hash: string }[]) {
  const ids = Map.groupBy(known, ({ hash }) => hash);
  const fresh: Chunk[] = [];
  const kept = new Set<string>();
  const chunks = given.map((chunk) => {
    const match = ids.get(hashOf(chunk))?.shift();
    if (!match) {
      fresh.push(chunk);
      return chunk;
    }
    kept.add(match.id);
    return { ...chunk, id: match.id };
  });
  return { chunks, fresh, kept };
}

const hashOf = ({ page_content, metadata }: Chunk): string =>
  createHash("sha256")
    .update(JSON.stringify([page_content, metadata]))
    .digest("hex");

async function note(db: Db, storeId: string, docId: string, chunks: Chunk[]): Promise<void> {
  for (let from = 0; from < chunks.length; from += batchSize)
    await db
      .insertInto("document_store_vector")
      .values(
        chunks.slice(from, from + batchSize).map((chunk) => ({
          id: chunk.id,
          store_id: storeId,
          doc_id: docId,
          hash: hashOf(chunk),
        })),
      )
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((eb) => ({ hash: eb.ref("excluded.hash") })),
      )
      .execute();
}

async function remove(
  db: Db,
  store: VectorStore,
  storeId: string,
  ids: string[],
  signal: AbortSignal,
): Promise<void> {
  for (let from = 0; from < ids.length; from += batchSize) {
    const batch = ids.slice(from, from + batchSize);
    await store.delete(batch, signal);
    await db
      .deleteFrom("document_store_vector")
      .where("store_id", "=", storeId)
      .where("id", "in", batch)
      .execute();
  }
}
