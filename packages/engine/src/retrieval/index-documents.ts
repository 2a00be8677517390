import type { Document } from "./document.ts";
import { documentId } from "./document-id.ts";
import type { RecordManager, Records } from "./record-manager.ts";
import type { VectorStore } from "./vector-store.ts";

/** What an upsert did, in Flowise's words; the last three only where records are kept. */
export interface IndexedDocuments {
  numAdded: number;
  addedDocs: Document[];
  numDeleted?: number;
  numUpdated?: number;
  numSkipped?: number;
}

/** An upsert that goes on elsewhere, from the start: what it wrote is written again under the same ids. */
export class HandedBack extends Error {
  constructor() {
    super("Handed back");
    this.name = "HandedBack";
  }
}

/** An upsert that could not take out what it had written when it failed. */
export class HalfIndexed extends Error {
  /** What is to be taken out before anything else is put in. */
  readonly left: string[];
  constructor(cause: Error, left: string[]) {
    super(
      `${cause.message} (${left.length} chunks that may be in the store are taken out at the next upsert)`,
      { cause },
    );
    this.name = "HalfIndexed";
    this.left = left;
  }
}

// So many vectors are in memory at once.
const batchSize = 200;
const cleanupBatch = 1000;
const undoTimeoutMs = 30_000;

interface IndexOptions {
  signal: AbortSignal;
  /** Absent: every document is added, under the id that `idOf` gives the one at this place. */
  records?: RecordManager | undefined;
  idOf(index: number): string;
}

/** Puts documents into a store: all of them, or none. */
export async function indexDocuments(
  store: VectorStore,
  documents: Document[],
  options: IndexOptions,
): Promise<IndexedDocuments> {
  if (options.records) return indexWithRecords(store, documents, options.records, options.signal);
  const ids = documents.map((_, index) => options.idOf(index));
  await addAll(store, documents, ids, options.signal);
  return { numAdded: documents.length, addedDocs: documents };
}

async function indexWithRecords(
  store: VectorStore,
  given: Document[],
  manager: RecordManager,
  signal: AbortSignal,
): Promise<IndexedDocuments> {
  const documents = new Map(given.map((document) => [documentId(document), document]));
  const sources = new Map(
    [...documents].map(([id, document]) => [id, sourceOf(document, manager)]),
  );
  const records = await manager.open(store.place, signal);
  const begin = await records.now(signal);
  const ids = [...documents.keys()];
  const known = await records.known(ids, signal);
  const fresh = ids.filter((id) => !known.has(id));
  const added = fresh.map((id) => documents.get(id)!);
  await addAll(store, added, fresh, signal, async () => {
    await records.note(
      ids.map((key) => ({ key, source: sources.get(key) ?? null })),
      signal,
    );
  });
  // Last of all: until here whatever fails leaves what was there before.
  const numDeleted = await cleanUp(store, records, { manager, sources, begin, signal });
  return {
    numAdded: fresh.length,
    numDeleted,
    numUpdated: 0,
    numSkipped: ids.length - fresh.length,
    addedDocs: added,
  };
}

/** Adds all documents, or takes those out again that it has added. */
async function addAll(
  store: VectorStore,
  documents: Document[],
  ids: string[],
  signal: AbortSignal,
  commit?: () => Promise<void>,
): Promise<void> {
  let from = 0;
  try {
    for (; from < documents.length; from += batchSize) {
      signal.throwIfAborted();
      const to = from + batchSize;
      await store.add(documents.slice(from, to), signal, ids.slice(from, to));
    }
    await commit?.();
  } catch (error) {
    if (signal.reason instanceof HandedBack) throw signal.reason;
    // A batch that has failed may have been written in part.
    await takeOut(store, ids.slice(0, from + batchSize), error as Error);
    throw error;
  }
}

async function takeOut(store: VectorStore, ids: string[], cause: Error): Promise<void> {
  const signal = AbortSignal.timeout(undoTimeoutMs);
  for (let from = 0; from < ids.length; from += cleanupBatch)
    try {
      await store.delete(ids.slice(from, from + cleanupBatch), signal);
    } catch {
      throw new HalfIndexed(cause, ids.slice(from));
    }
}

/** Takes out what this upsert did not bring. */
async function cleanUp(
  store: VectorStore,
  records: Records,
  {
    manager,
    sources,
    begin,
    signal,
  }: {
    manager: RecordManager;
    sources: Map<string, string | null>;
    begin: number;
    signal: AbortSignal;
  },
): Promise<number> {
  if (manager.cleanup === "none") return 0;
  const named = [...new Set(sources.values())].filter((source) => source !== null);
  const of = manager.cleanup === "incremental" ? { sources: named } : {};
  for (let deleted = 0; ; ) {
    const stale = await records.before(begin, { ...of, limit: cleanupBatch }, signal);
    if (stale.length === 0) return deleted;
    await store.delete(stale, signal);
    await records.forget(stale, signal);
    deleted += stale.length;
  }
}

function sourceOf({ metadata }: Document, { cleanup, sourceIdKey }: RecordManager): string | null {
  const source = metadata[sourceIdKey];
  if (source !== undefined && source !== null) return String(source);
  if (cleanup !== "incremental") return null;
  throw new Error(
    `Record manager: a document has no metadata "${sourceIdKey}", by which incremental cleanup tells sources apart`,
  );
}
