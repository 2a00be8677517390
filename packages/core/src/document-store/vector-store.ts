import { z } from "zod";
import { isUuid } from "../database/uuid.ts";
import { parseInput } from "../parse-input.ts";
import { listChunks } from "./chunk.ts";
import {
  changeLoaders,
  type DocumentStore,
  getDocumentStore,
  setDocumentStore,
} from "./document-store.ts";
import { clearVectors, type IndexResult, indexChunks, notedVectors } from "./index-chunks.ts";
import { JsonObject } from "./json-text.ts";
import type { KnowledgeDeps } from "./knowledge-deps.ts";
import { loaderOf, parseLoaders } from "./loader.ts";
import { deleteFiles } from "./loader-file.ts";
import { mergedConfig, openConfigured, skipsUnchanged } from "./store-config.ts";

const name = z.string().nullish();
const config = JsonObject.nullish();

/** Flowise's body of the vector store calls. */
export const VectorStoreInput = z.object({
  storeId: z.string(),
  docId: z.string().nullish(),
  embeddingName: name,
  embeddingConfig: config,
  vectorStoreName: name,
  vectorStoreConfig: config,
  recordManagerName: name,
  recordManagerConfig: config,
});

const given = (partName: string | null | undefined, partConfig: z.infer<typeof config>) =>
  partName ? { name: partName, config: partConfig ?? {} } : undefined;

/** Saves with what a store embeds and where it keeps vectors. */
export async function saveVectorStore(
  { db }: Pick<KnowledgeDeps, "db">,
  input: unknown,
): Promise<DocumentStore> {
  const parsed = parseInput(VectorStoreInput, input);
  const row = await getDocumentStore(db, parsed.storeId);
  const merged = mergedConfig(row, {
    embedding: given(parsed.embeddingName, parsed.embeddingConfig),
    vectorStore: given(parsed.vectorStoreName, parsed.vectorStoreConfig),
    recordManager: given(parsed.recordManagerName, parsed.recordManagerConfig),
  });
  const status = row.status === "UPSERTED" ? row.status : "SYNC";
  return setDocumentStore(db, row.id, { ...merged, status });
}

/** Puts the chunks of a store, or of one of its loaders, into its vector store. */
export async function insertChunks(
  deps: KnowledgeDeps,
  input: unknown,
  signal: AbortSignal,
): Promise<IndexResult> {
  const { db } = deps;
  const { storeId, docId } = parseInput(VectorStoreInput, input);
  const before = await getDocumentStore(db, storeId);
  const row = await saveVectorStore(deps, input);
  const store = await openConfigured(deps, row);
  const loaders = docId ? [loaderOf(parseLoaders(row.loaders), docId)] : parseLoaders(row.loaders);
  await setDocumentStore(db, storeId, { status: "UPSERTING" });
  const total: IndexResult = {
    numAdded: 0,
    numDeleted: 0,
    numUpdated: 0,
    numSkipped: 0,
    addedDocs: [],
  };
  try {
    for (const { id } of loaders) {
      const chunks = await listChunks(db, storeId, id);
      const skipUnchanged = skipsUnchanged(before, row);
      const result = await indexChunks(db, {
        store,
        storeId,
        docId: id,
        chunks,
        skipUnchanged,
        signal,
      });
      total.numAdded += result.numAdded;
      total.numDeleted += result.numDeleted;
      total.numSkipped += result.numSkipped;
      total.addedDocs.push(...result.addedDocs);
    }
  } catch (error) {
    await setDocumentStore(db, storeId, { status: "STALE" }).catch(() => {});
    throw error;
  }
  await setDocumentStore(db, storeId, { status: "UPSERTED" });
  return total;
}

/** Takes the documents of a store, or of one of its loaders, out of its vector store. */
export async function emptyVectorStore(
  deps: KnowledgeDeps,
  place: { storeId: string; docId?: string | undefined },
  signal: AbortSignal,
): Promise<number> {
  const row = await getDocumentStore(deps.db, place.storeId);
  const store = await openConfigured(deps, row);
  const removed = await clearVectors(deps.db, store, place, signal);
  await setDocumentStore(deps.db, row.id, { status: "STALE" });
  return removed;
}

/** Deletes a loader with its chunks, files and vectors. */
export async function deleteLoader(
  deps: KnowledgeDeps,
  storeId: string,
  loaderId: string,
  signal: AbortSignal,
): Promise<DocumentStore> {
  const { db } = deps;
  const row = await getDocumentStore(db, storeId);
  const loader = loaderOf(parseLoaders(row.loaders), loaderId);
  if ((await notedVectors(db, storeId, loaderId)).length > 0)
    await clearVectors(db, await openConfigured(deps, row), { storeId, docId: loaderId }, signal);
  await db.transaction().execute(async (transaction) => {
    await changeLoaders(transaction, storeId, (loaders) =>
      loaders.filter(({ id }) => id !== loaderId),
    );
    await transaction
      .deleteFrom("document_store_chunk")
      .where("store_id", "=", storeId)
      .where("doc_id", "=", loaderId)
      .execute();
  });
  await deleteFiles(deps.objects, storeId, loader);
  return getDocumentStore(db, storeId);
}

export const QueryInput = z.object({
  storeId: z.string(),
  query: z.string().min(1),
  inputs: JsonObject.nullish(),
});

/** What a store finds for a question. */
export async function queryDocumentStore(deps: KnowledgeDeps, input: unknown, signal: AbortSignal) {
  const { storeId, query, inputs } = parseInput(QueryInput, input);
  const row = await getDocumentStore(deps.db, storeId);
  const store = await openConfigured(deps, row, inputs ?? {});
  const start = performance.now();
  const found = await store.retrieve(query, { signal });
  const timeTaken = Math.round(performance.now() - start);
  const ids = found.flatMap(({ id }) => (id && isUuid(id) ? [id] : []));
  const chunks =
    ids.length === 0
      ? []
      : await deps.db
          .selectFrom("document_store_chunk")
          .select(["id", "chunk_no"])
          .where("store_id", "=", storeId)
          .where("id", "in", ids)
          .execute();
  const numbers = new Map(chunks.map(({ id, chunk_no }) => [id, chunk_no]));
  const docs = found.map(({ pageContent, metadata, id = "" }) => ({
    pageContent,
    metadata,
    id,
    chunkNo: numbers.get(id) ?? -1,
  }));
  return { timeTaken, docs };
}
