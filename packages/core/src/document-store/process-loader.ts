import { randomUUID } from "node:crypto";
import { loadDocuments } from "@sluice/engine/load-documents";
import type { Document } from "@sluice/engine/retrieval/document";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import { AppError } from "../error.ts";
import { parseInput } from "../parse-input.ts";
import { type Chunk, charactersOf, chunksOf, replaceChunks } from "./chunk.ts";
import { changeLoaders, getDocumentStore, setDocumentStore } from "./document-store.ts";
import { JsonObject } from "./json-text.ts";
import type { KnowledgeDeps } from "./knowledge-deps.ts";
import {
  componentsOf,
  Loader,
  loaderLabel,
  loaderOf,
  parseLoaders,
  splitterLabel,
} from "./loader.ts";
import { readFiles, storeFiles } from "./loader-file.ts";

/** Reads and cuts what a loader names. Throws `invalid` where its settings or files do not allow that. */
export async function loadWith(
  { objects, services }: Pick<KnowledgeDeps, "objects" | "services">,
  storeId: string,
  loader: Loader,
  signal: AbortSignal,
): Promise<Document[]> {
  const complete = await readFiles(objects, storeId, loader);
  return loadDocuments(componentsOf(complete), { ...services, signal }).catch((cause: Error) => {
    signal.throwIfAborted();
    throw new AppError("invalid", cause.message, { cause });
  });
}

/** Saves a loader without reading what it names, in place of the one with its id. */
export async function saveLoader(
  { db, objects }: KnowledgeDeps,
  storeId: string,
  loader: Loader,
): Promise<Loader> {
  await getDocumentStore(db, storeId);
  const saved = { ...(await storeFiles(objects, storeId, loader)), status: "STALE" };
  await db.transaction().execute(async (transaction) => {
    await changeLoaders(transaction, storeId, (loaders) => withLoader(loaders, saved));
    await setDocumentStore(transaction, storeId, { status: "STALE" });
  });
  return saved;
}

/** Reads what a saved loader names and keeps the chunks; the vector store follows at the next insertion. */
export async function processLoader(
  deps: KnowledgeDeps,
  storeId: string,
  loaderId: string,
  signal: AbortSignal,
): Promise<void> {
  const { db } = deps;
  const { loaders } = await getDocumentStore(db, storeId);
  const loader = loaderOf(parseLoaders(loaders), loaderId);
  const chunks = chunksOf(storeId, loaderId, await loadWith(deps, storeId, loader, signal));
  await db.transaction().execute(async (transaction) => {
    await keepChunks(transaction, storeId, loader, chunks);
    await setDocumentStore(transaction, storeId, { status: "SYNC" });
  });
}

/** Writes a loader with its chunks; to be called in a transaction. */
export async function keepChunks(
  db: Db,
  storeId: string,
  loader: Loader,
  chunks: Chunk[],
): Promise<void> {
  const counted = {
    ...loader,
    totalChunks: chunks.length,
    totalChars: charactersOf(chunks.map((chunk) => chunk.page_content)),
    status: "SYNC",
  };
  await changeLoaders(db, storeId, (loaders) => withLoader(loaders, counted));
  await replaceChunks(db, storeId, loader.id, chunks);
}

const withLoader = (loaders: Loader[], loader: Loader): Loader[] =>
  loaders.some(({ id }) => id === loader.id)
    ? loaders.map((one) => (one.id === loader.id ? loader : one))
    : [...loaders, loader];

/** Flowise's body of the loader calls. */
export const LoaderInput = z.object({
  id: z.preprocess((value) => value || undefined, z.uuid().optional()),
  storeId: z.string(),
  loaderId: z.string().optional(),
  loaderName: z.string().optional(),
  loaderConfig: JsonObject.optional(),
  splitterId: z.string().optional(),
  splitterName: z.string().optional(),
  splitterConfig: JsonObject.optional(),
  credential: z.string().nullish(),
  previewChunkCount: z.coerce.number().int().optional(),
});

/** The loader that a body describes, laid over the saved one with its id. */
export async function loaderFrom(
  { db }: Pick<KnowledgeDeps, "db">,
  input: unknown,
): Promise<{ storeId: string; loader: Loader; previewChunkCount: number }> {
  const { storeId, previewChunkCount = 20, ...given } = parseInput(LoaderInput, input);
  const { loaders } = await getDocumentStore(db, storeId);
  const saved = parseLoaders(loaders).find(({ id }) => id === given.id);
  const set = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  const loader = Loader.parse({ id: randomUUID(), ...saved, ...Object.fromEntries(set) });
  if (!loader.loaderId) throw new AppError("invalid", "loaderId: the name of a loader is needed");
  loader.loaderName ||= loaderLabel(loader.loaderId);
  loader.splitterName ||= splitterLabel(loader.splitterId);
  return { storeId, loader, previewChunkCount };
}

/** The first chunks that a loader would give; a negative count asks for all. */
export async function previewLoader(deps: KnowledgeDeps, input: unknown, signal: AbortSignal) {
  const { storeId, loader, previewChunkCount } = await loaderFrom(deps, input);
  const documents = await loadWith(deps, storeId, loader, signal);
  const wanted = previewChunkCount < 0 ? documents.length : previewChunkCount;
  const chunks = documents.slice(0, wanted);
  return { chunks, totalChunks: documents.length, previewChunkCount: chunks.length };
}
