import { loadDocuments } from "@sluice/engine/load-documents";
import type { Document } from "@sluice/engine/retrieval/document";
import type { Db } from "../database/open-database.ts";
import { AppError } from "../error.ts";
import { type Chunk, charactersOf, chunksOf, replaceChunks } from "./chunk.ts";
import { changeLoaders, getDocumentStore, setDocumentStore } from "./document-store.ts";
import type { KnowledgeDeps } from "./knowledge-deps.ts";
import { componentsOf, type Loader, loaderOf, parseLoaders } from "./loader.ts";
import { readFiles, storeFiles } from "./loader-file.ts";

/** Reads and cuts what a loader names. Throws `invalid` where its settings do not allow that. */
export async function loadWith(
  { objects }: Pick<KnowledgeDeps, "objects">,
  storeId: string,
  loader: Loader,
): Promise<Document[]> {
  const complete = await readFiles(objects, storeId, loader);
  return loadDocuments(componentsOf(complete)).catch((cause: Error) => {
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
): Promise<void> {
  const { db } = deps;
  const { loaders } = await getDocumentStore(db, storeId);
  const loader = loaderOf(parseLoaders(loaders), loaderId);
  const chunks = chunksOf(storeId, loaderId, await loadWith(deps, storeId, loader));
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
