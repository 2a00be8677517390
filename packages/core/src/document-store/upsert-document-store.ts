import { randomUUID } from "node:crypto";
import { z } from "zod";
import { AppError } from "../error.ts";
import { parseInput } from "../parse-input.ts";
import { chunksOf } from "./chunk.ts";
import {
  createDocumentStore,
  type DocumentStore,
  DocumentStoreInput,
  getDocumentStore,
  setDocumentStore,
} from "./document-store.ts";
import { type IndexResult, indexChunks } from "./index-chunks.ts";
import { JsonObject, jsonText } from "./json-text.ts";
import type { KnowledgeDeps } from "./knowledge-deps.ts";
import { type Loader, loaderLabel, loaderOf, parseLoaders, splitterLabel } from "./loader.ts";
import { deleteFiles, readFiles, storeFiles } from "./loader-file.ts";
import { keepChunks, loadWith } from "./process-loader.ts";
import { mergedConfig, openConfigured, skipsUnchanged } from "./store-config.ts";

const flag = z.preprocess((value) => value === true || value === "true", z.boolean());
const Part = jsonText(z.object({ name: z.string().optional(), config: JsonObject.optional() }));

/** Everything that fills a store in one call; parts that are missing are taken from the store. */
export const UpsertInput = z.object({
  docId: z.preprocess((value) => (value === "" ? undefined : value), z.uuid().optional()),
  metadata: JsonObject.optional(),
  replaceExisting: flag,
  createNewDocStore: flag,
  docStore: jsonText(DocumentStoreInput).optional(),
  loader: Part.optional(),
  splitter: Part.optional(),
  embedding: Part.optional(),
  vectorStore: Part.optional(),
  recordManager: Part.optional(),
});
export type UpsertInput = z.infer<typeof UpsertInput>;

export interface UpsertResult extends IndexResult {
  docId: string;
  storeId: string;
}

/**
 * Loads, cuts, embeds and stores documents. Nothing of it is seen before all is done: when it fails, the store is as
 * it was. Ends when the signal does.
 */
export async function upsertDocumentStore(
  deps: KnowledgeDeps,
  id: string,
  input: unknown,
  signal: AbortSignal,
): Promise<UpsertResult> {
  const { db } = deps;
  const given = parseInput(UpsertInput, input);
  const before = await getDocumentStore(db, id);
  const row =
    given.createNewDocStore && given.docStore
      ? { ...before, ...(await createDocumentStore(db, given.docStore)), ...configOf(before) }
      : before;
  const saved = given.docId && loaderOf(parseLoaders(before.loaders), given.docId);
  const replaced = saved && given.replaceExisting && row.id === id ? saved : undefined;
  // A copy needs files of its own.
  const base = saved && !replaced ? await readFiles(deps.objects, id, saved) : saved;
  const loader = loaderFrom(given, base || undefined, replaced?.id ?? randomUUID());
  const result = await fill(deps, row, loader, mergedConfig(row, given), signal);
  if (replaced) await deleteReplacedFiles(deps, row.id, replaced);
  return result;
}

/** Loads again what the loaders of a store name, all of them or those given, and stores it. */
export async function refreshDocumentStore(
  deps: KnowledgeDeps,
  id: string,
  items: unknown[],
  signal: AbortSignal,
): Promise<UpsertResult[]> {
  const { loaders } = await getDocumentStore(deps.db, id);
  const wanted =
    items.length > 0 ? items : parseLoaders(loaders).map((loader) => ({ docId: loader.id }));
  const results: UpsertResult[] = [];
  for (const item of wanted)
    results.push(
      await upsertDocumentStore(deps, id, { ...(item as object), replaceExisting: true }, signal),
    );
  return results;
}

async function fill(
  deps: KnowledgeDeps,
  row: DocumentStore,
  loader: Loader,
  config: ReturnType<typeof mergedConfig>,
  signal: AbortSignal,
): Promise<UpsertResult> {
  const { db } = deps;
  const storeId = row.id;
  const store = await openConfigured(deps, { name: row.name, ...config });
  const chunks = chunksOf(storeId, loader.id, await loadWith(deps, storeId, loader, signal));
  await setDocumentStore(db, storeId, { status: "UPSERTING" });
  try {
    const result = await indexChunks(db, {
      store,
      storeId,
      docId: loader.id,
      chunks,
      skipUnchanged: skipsUnchanged(row, config),
      signal,
      commit: async (kept) => {
        const stored = await storeFiles(deps.objects, storeId, loader);
        await db.transaction().execute(async (transaction) => {
          await keepChunks(transaction, storeId, stored, kept);
          await setDocumentStore(transaction, storeId, config);
        });
      },
    });
    await setDocumentStore(db, storeId, { status: "UPSERTED" });
    return { ...result, docId: loader.id, storeId };
  } catch (error) {
    await setDocumentStore(db, storeId, { status: row.status }).catch(() => {});
    throw error;
  }
}

/** The loader to run: what is given, laid over a saved one. */
function loaderFrom(given: UpsertInput, saved: Loader | undefined, id: string): Loader {
  const loaderId = given.loader?.name ?? saved?.loaderId;
  if (!loaderId) throw new AppError("invalid", "loader.name: the name of a loader is needed");
  const splitterId = given.splitter?.name ?? saved?.splitterId ?? "";
  const loaderConfig = { ...saved?.loaderConfig, ...given.loader?.config };
  if (given.metadata)
    loaderConfig.metadata = {
      ...JsonObject.catch({}).parse(loaderConfig.metadata),
      ...given.metadata,
    };
  return {
    ...saved,
    id,
    loaderId,
    loaderName: loaderLabel(loaderId),
    loaderConfig,
    splitterId,
    splitterName: splitterLabel(splitterId),
    splitterConfig: { ...saved?.splitterConfig, ...given.splitter?.config },
    totalChunks: 0,
    totalChars: 0,
    status: "SYNCING",
  };
}

async function deleteReplacedFiles(
  { db, objects }: KnowledgeDeps,
  storeId: string,
  replaced: Loader,
): Promise<void> {
  const now = loaderOf(parseLoaders((await getDocumentStore(db, storeId)).loaders), replaced.id);
  const kept = new Set(now.files?.map(({ name }) => name));
  const files = replaced.files?.filter(({ name }) => !kept.has(name)) ?? [];
  await deleteFiles(objects, storeId, { ...replaced, files });
}

const configOf = (row: DocumentStore) => ({
  embedding_config: row.embedding_config,
  vector_store_config: row.vector_store_config,
  record_manager_config: row.record_manager_config,
});
