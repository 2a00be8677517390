import { randomUUID } from "node:crypto";
import { z } from "zod";
import { numberInput, textInput } from "../../models/model-input.ts";
import type { Document } from "../document.ts";
import type { PostgresClients, PostgresPlace } from "../postgres-clients.ts";
import { postgresPlace, quotedTable } from "../postgres-place.ts";
import { chatIdName, defineVectorStore, type VectorStore } from "../vector-store.ts";
import { jsonInput } from "./json-input.ts";

// As many as an upsert adds at once: a statement writes all of them or none.
const batchSize = 200;
const operators: Record<string, string> = {
  cosine: "<=>",
  euclidean: "<->",
  innerProduct: "<#>",
};
/** How alike, from how far apart. */
const likeness: Record<string, (distance: number) => number> = {
  cosine: (distance) => 1 - distance,
  euclidean: (distance) => 1 / (1 + distance),
  innerProduct: (distance) => -distance,
};

const Row = z.object({
  id: z.string(),
  pageContent: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  distance: z.coerce.number(),
});

/** A table of pgvector, with the columns that Flowise gives it. */
export const postgres = defineVectorStore({
  name: "postgres",
  open(setting): VectorStore {
    const { embeddings, postgres: clients } = setting;
    if (!clients) throw new Error("Postgres cannot be reached from here");
    const { defaults } = clients;
    const place = postgresPlace(setting, defaults?.place);
    const tableName = textInput(setting, "tableName") ?? defaults?.table ?? "documents";
    const table = quotedTable(tableName);
    const topK = numberInput(setting, "topK") || 4;
    const ownFilter = jsonInput(setting, "pgMetadataFilter");
    const strategy = textInput(setting, "distanceStrategy") ?? "cosine";
    const operator = Object.hasOwn(operators, strategy) ? operators[strategy] : undefined;
    if (!operator) throw new Error(`Postgres: ${strategy} is not a known distance strategy`);
    const query = (statement: string, values: unknown[], signal: AbortSignal) =>
      clients.query(place, statement, values, signal);

    /** Resolves to the dimensions that its vectors have; the column itself takes any. */
    async function ensureTable(signal: AbortSignal): Promise<number | undefined> {
      await ensureExtension(clients!, place, signal);
      await query(
        `create table if not exists ${table}
           (id uuid primary key default gen_random_uuid(), "pageContent" text, metadata jsonb, embedding vector)`,
        [],
        signal,
      );
      const held = `select vector_dims(embedding) as dims from ${table} where embedding is not null limit 1`;
      const [row] = await query(held, [], signal);
      return row && Number(row.dims);
    }
    let ensured: Promise<number | undefined> | undefined;

    return {
      kind: "vectorStore",
      place: tableName,
      async add(documents, signal, given) {
        const texts = documents.map(({ pageContent }) => pageContent.replaceAll("\0", ""));
        const vectors = await embeddings.embedDocuments(texts, signal);
        const ids = given ?? documents.map(() => randomUUID());
        ensured ??= ensureTable(signal).catch((error: unknown) => {
          ensured = undefined;
          throw error;
        });
        checkDimensions(vectors, await ensured, tableName);
        for (let from = 0; from < documents.length; from += batchSize) {
          const to = from + batchSize;
          await query(
            `insert into ${table} (id, "pageContent", metadata, embedding)
               select id, content, metadata::jsonb, embedding::vector
               from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as given (id, content, metadata, embedding)
               on conflict (id) do update
                 set "pageContent" = excluded."pageContent", metadata = excluded.metadata, embedding = excluded.embedding`,
            [
              ids.slice(from, to),
              texts.slice(from, to),
              documents.slice(from, to).map(({ metadata }) => JSON.stringify(metadata)),
              vectors.slice(from, to).map(asVector),
            ],
            signal,
          );
        }
        return ids;
      },
      async delete(ids, signal) {
        await query(`delete from ${table} where id = any($1::uuid[])`, [ids], signal).catch(
          unlessMissing,
        );
      },
      async retrieve(question, options) {
        return (await this.rate!(question, options)).map(({ document }) => document);
      },
      async rate(question, { signal, filter, topK: most = topK }) {
        const vector = await embeddings.embedQuery(question, signal);
        const { [chatIdName]: chatId = setting.chatId, ...wanted } = { ...ownFilter, ...filter };
        const rows = await query(
          `select id, "pageContent", metadata, embedding ${operator} $1::text::vector as distance from ${table}
             where (metadata @> $2::jsonb and not metadata ? '${chatIdName}') or metadata->>'${chatIdName}' = $3
             order by embedding ${operator} $1::text::vector limit $4`,
          [asVector(vector), JSON.stringify(wanted), chatId ?? null, most],
          signal,
        ).catch(async (error: unknown) => {
          await ensureExtension(clients, place, signal);
          return unlessMissing(error);
        });
        return rows.flatMap((row) => {
          const { id, pageContent, metadata, distance } = Row.parse(row);
          if (pageContent === null) return [];
          const document: Document = { pageContent, metadata: metadata ?? {}, id };
          return [{ document, score: likeness[strategy]!(distance) }];
        });
      },
    };
  },
});

/** The first vector that comes into a table says what those after it have to be. */
function checkDimensions(vectors: number[][], held: number | undefined, table: string): void {
  const wanted = held ?? vectors[0]?.length;
  const other = vectors.find(({ length }) => length !== wanted);
  if (other)
    throw new Error(
      `Postgres: the table ${table} holds vectors of ${wanted} dimensions, and this embedding makes ${other.length}: use the embedding that the table was filled with, or another table`,
    );
}

const asVector = (vector: number[]) => `[${vector.join(",")}]`;

/** A table that nothing was written to yet does not exist, and holds nothing. */
function unlessMissing(error: unknown): [] {
  if (codeOf(error) === "42P01") return [];
  throw error;
}

/** Makes sure that the database has pgvector. Says how to get it where it has not. */
async function ensureExtension(
  clients: PostgresClients,
  place: PostgresPlace,
  signal: AbortSignal,
): Promise<void> {
  const here = `the database ${place.database} on ${place.host}`;
  const found = "select 1 from pg_extension where extname = 'vector'";
  if ((await clients.query(place, found, [], signal)).length > 0) return;
  try {
    await clients.query(place, "create extension if not exists vector", [], signal);
  } catch (cause) {
    const code = codeOf(cause);
    const remedy =
      code === "42501"
        ? `${place.user} may not create it: have its administrator run "create extension vector" there`
        : "install pgvector on that server (https://github.com/pgvector/pgvector), or choose a server or a vector store that has it";
    if (["42501", "58P01", "0A000"].includes(code))
      throw new Error(`The extension vector is missing in ${here}; ${remedy}`, { cause });
    throw cause;
  }
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? "");
