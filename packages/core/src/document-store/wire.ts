import { z } from "zod";
import { workspaceId } from "../database/workspace.ts";
import type { Chunk } from "./chunk.ts";
import { type DocumentStore, parseComponent } from "./document-store.ts";
import { Loader, parseLoaders } from "./loader.ts";

const dates = { createdDate: z.string(), updatedDate: z.string(), workspaceId: z.string() };
const head = {
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  status: z.string(),
};
const Part = z.object({ name: z.string(), config: z.record(z.string(), z.unknown()) }).nullable();

/** A store as Flowise's row: JSON columns as text. */
export const StoreRow = z.object({
  ...head,
  loaders: z.string(),
  whereUsed: z.string(),
  vectorStoreConfig: z.string().nullable(),
  embeddingConfig: z.string().nullable(),
  recordManagerConfig: z.string().nullable(),
  ...dates,
});

/** A store as Flowise shows it, with sums of its loaders. */
export const StoreView = z.object({
  ...head,
  loaders: z.array(Loader),
  whereUsed: z.array(z.unknown()),
  totalChunks: z.number(),
  totalChars: z.number(),
  vectorStoreConfig: Part,
  embeddingConfig: Part,
  recordManagerConfig: Part,
  ...dates,
});

const common = (row: DocumentStore) => ({
  id: row.id,
  name: row.name,
  description: row.description,
  status: row.status,
  createdDate: row.created_date.toISOString(),
  updatedDate: row.updated_date.toISOString(),
  workspaceId,
});

export const toStoreRow = (row: DocumentStore): z.infer<typeof StoreRow> => ({
  ...common(row),
  loaders: row.loaders,
  whereUsed: row.where_used,
  vectorStoreConfig: row.vector_store_config,
  embeddingConfig: row.embedding_config,
  recordManagerConfig: row.record_manager_config,
});

export function toStoreView(row: DocumentStore): z.infer<typeof StoreView> {
  const loaders = parseLoaders(row.loaders);
  return {
    ...common(row),
    loaders,
    whereUsed: JSON.parse(row.where_used) as unknown[],
    totalChunks: loaders.reduce((sum, loader) => sum + loader.totalChunks, 0),
    totalChars: loaders.reduce((sum, loader) => sum + loader.totalChars, 0),
    vectorStoreConfig: parseComponent(row.vector_store_config) ?? null,
    embeddingConfig: parseComponent(row.embedding_config) ?? null,
    recordManagerConfig: parseComponent(row.record_manager_config) ?? null,
  };
}

export const ChunkView = z.object({
  id: z.string(),
  docId: z.string(),
  storeId: z.string(),
  chunkNo: z.number(),
  pageContent: z.string(),
  /** JSON. */
  metadata: z.string(),
});

export const toChunkView = (row: Chunk): z.infer<typeof ChunkView> => ({
  id: row.id,
  docId: row.doc_id,
  storeId: row.store_id,
  chunkNo: row.chunk_no,
  pageContent: row.page_content,
  metadata: row.metadata,
});
