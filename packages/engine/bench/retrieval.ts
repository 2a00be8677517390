import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import type { Document } from "../src/retrieval/document.ts";
import type { Embeddings } from "../src/retrieval/embeddings.ts";
import { indexDocuments } from "../src/retrieval/index-documents.ts";
import type { PostgresClients } from "../src/retrieval/postgres-clients.ts";
import { openPostgresRecordManager } from "../src/retrieval/postgres-record-manager.ts";
import { postgres as postgresStore } from "../src/retrieval/stores/postgres.ts";

export interface RetrievalReport {
  chunks: number;
  dimensions: number;
  /** Into an empty table; again with nothing changed, by a record manager. */
  indexS: number;
  indexAgainS: number;
  queryP50Ms: number;
  queryP99Ms: number;
  /** Questions whose own chunk was found first, of all. */
  found: number;
  questions: number;
  heapMb: number;
}

/** Indexes chunks with pgvector in PGlite, the whole PostgreSQL in this process, and asks for some of them. */
export async function measureRetrieval(chunks = 10_000, questions = 100): Promise<RetrievalReport> {
  const dimensions = 1536;
  const database = await PGlite.create({ extensions: { vector } });
  const clients: PostgresClients = {
    query: async (_, statement, values) =>
      (await database.query<Record<string, unknown>>(statement, values)).rows,
  };
  const setting = {
    inputs: { host: "in-process", database: "bench", tableName: "chunks" },
    credential: {},
    fetch: () => Promise.reject(new Error("nothing is fetched")),
    baseUrls: {},
    postgres: clients,
  };
  const store = await postgresStore.open({ ...setting, embeddings: madeHere(dimensions) });
  const records = openPostgresRecordManager(
    { ...setting, inputs: { ...setting.inputs, tableName: "records" } },
    "bench",
  );
  const { signal } = new AbortController();
  const documents = Array.from(
    { length: chunks },
    (_, i): Document => ({
      pageContent: `Chunk ${i}: ${words(i)}`,
      metadata: { source: `book ${i % 50}`, loc: { lines: { from: i, to: i + 4 } } },
    }),
  );
  const index = () => indexDocuments(store, documents, { signal, records, idOf: String });
  try {
    const indexMs = await timed(index);
    const indexAgainMs = await timed(index);
    const took: number[] = [];
    let found = 0;
    for (let i = 0; i < questions; i++) {
      const wanted = documents[Math.floor((i * chunks) / questions)]!.pageContent;
      took.push(
        await timed(async () => {
          const [best] = await store.retrieve(wanted, { signal });
          if (best?.pageContent === wanted) found++;
        }),
      );
    }
    took.sort((a, b) => a - b);
    return {
      chunks,
      dimensions,
      indexS: indexMs / 1000,
      indexAgainS: indexAgainMs / 1000,
      queryP50Ms: took[Math.floor(took.length * 0.5)] ?? 0,
      queryP99Ms: took[Math.floor(took.length * 0.99)] ?? 0,
      found,
      questions,
      heapMb: process.memoryUsage().heapUsed / 2 ** 20,
    };
  } finally {
    await database.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** Vectors that depend on the text alone, without a provider whose time would count. */
function madeHere(dimensions: number): Embeddings {
  const embed = (text: string) => {
    let state = 2166136261;
    for (let i = 0; i < text.length; i++)
      state = Math.imul(state ^ text.charCodeAt(i), 16777619) >>> 0;
    return Array.from({ length: dimensions }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Number((state / 2 ** 32 - 0.5).toFixed(6));
    });
  };
  return {
    kind: "embeddings",
    embedDocuments: async (texts) => texts.map(embed),
    embedQuery: async (text) => embed(text),
  };
}

/** About as many as in a chunk of a thousand characters. */
const words = (seed: number): string =>
  Array.from({ length: 150 }, (_, i) => `word${(seed * 31 + i * 17) % 977}`).join(" ");
