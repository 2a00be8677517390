import { randomUUID } from "node:crypto";
import { z } from "zod";
import { baseUrl, credentialField, numberInput, textInput } from "../../models/model-input.ts";
import { withRetry } from "../../models/retry.ts";
import type { Document } from "../document.ts";
import { flatMetadata } from "../flat-metadata.ts";
import { chatIdName, defineVectorStore, type VectorStore } from "../vector-store.ts";
import { chromaCall } from "./chroma-call.ts";
import { jsonInput } from "./json-input.ts";

const batchSize = 100;
/** Where some of what is found is left out. */
const maxSearched = 300;

const Space = z.object({ space: z.string() }).nullish();
const Collection = z.object({
  id: z.string(),
  metadata: z.looseObject({ "hnsw:space": z.string().optional() }).nullish(),
  configuration_json: z.looseObject({ hnsw: Space, spann: Space }).nullish().catch(undefined),
});
type Collection = z.infer<typeof Collection>;
const Found = z.object({
  ids: z.array(z.array(z.string())),
  documents: z.array(z.array(z.string().nullable())).nullish(),
  metadatas: z.array(z.array(z.record(z.string(), z.unknown()).nullable())).nullish(),
  distances: z.array(z.array(z.number().nullable())).nullish(),
});

/** Chroma over the second version of its HTTP interface; a collection is made when its first documents come. */
export const chroma = defineVectorStore({
  name: "chroma",
  open(setting): VectorStore {
    const { embeddings } = setting;
    const name = textInput(setting, "collectionName");
    if (!name) throw new Error("Chroma: the name of a collection is needed");
    const server = baseUrl(textInput(setting, "chromaURL"), "http://localhost:8000");
    const tenant = credentialField(setting, "chromaTenant") ?? "default_tenant";
    const database = credentialField(setting, "chromaDatabase") ?? "default_database";
    const token = credentialField(setting, "chromaApiKey");
    const topK = numberInput(setting, "topK") || 4;
    const own = jsonInput(setting, "chromaMetadataFilter");
    const base = `${server}/api/v2/tenants/${encodeURIComponent(tenant)}/databases/${encodeURIComponent(database)}/collections`;
    const call = (method: string, path: string, body: object | undefined, signal: AbortSignal) =>
      withRetry({ signal }, () =>
        chromaCall(setting.fetch, { url: `${base}${path}`, token, method, body, signal }),
      );
    let known: Collection | undefined;

    async function made(signal: AbortSignal): Promise<Collection> {
      known ??= Collection.parse(await call("POST", "", { name, get_or_create: true }, signal));
      return known;
    }

    /** Undefined while nothing was written to the collection. */
    async function found(signal: AbortSignal): Promise<Collection | undefined> {
      if (known !== undefined) return known;
      const answer = await call("GET", `/${encodeURIComponent(name!)}`, undefined, signal);
      known = answer === undefined ? undefined : Collection.parse(answer);
      return known;
    }

    async function searched(
      collection: Collection,
      { vector, where, count }: { vector: number[]; where: object[]; count: number },
      signal: AbortSignal,
    ) {
      const body = {
        query_embeddings: [vector],
        n_results: count,
        include: ["documents", "metadatas", "distances"],
        ...(where.length > 0 && { where: where.length > 1 ? { $and: where } : where[0] }),
      };
      const { ids, documents, metadatas, distances } = Found.parse(
        await call("POST", `/${collection.id}/query`, body, signal),
      );
      const likeness = likenessIn(collection, vector);
      return (ids[0] ?? []).map((id, i) => ({
        document: {
          pageContent: documents?.[0]?.[i] ?? "",
          metadata: metadatas?.[0]?.[i] ?? {},
          id,
        },
        score: likeness(distances?.[0]?.[i] ?? Number.POSITIVE_INFINITY),
      }));
    }

    return {
      kind: "vectorStore",
      place: name,
      async add(documents, signal, given) {
        const texts = documents.map(({ pageContent }) => pageContent);
        const vectors = await embeddings.embedDocuments(texts, signal);
        const ids = given ?? documents.map(() => randomUUID());
        const { id } = await made(signal);
        for (let from = 0; from < documents.length; from += batchSize) {
          const to = from + batchSize;
          const batch = {
            ids: ids.slice(from, to),
            embeddings: vectors.slice(from, to),
            documents: texts.slice(from, to),
            metadatas: documents.slice(from, to).map(scalarMetadata),
          };
          await call("POST", `/${id}/upsert`, batch, signal);
        }
        return ids;
      },
      async delete(ids, signal) {
        const collection = ids.length > 0 ? await found(signal) : undefined;
        for (let from = 0; collection && from < ids.length; from += batchSize)
          await call(
            "POST",
            `/${collection.id}/delete`,
            { ids: ids.slice(from, from + batchSize) },
            signal,
          );
      },
      async retrieve(question, options) {
        return (await this.rate!(question, options)).map(({ document }) => document);
      },
      async rate(question, { signal, filter = {}, topK: most = topK }) {
        const vector = await embeddings.embedQuery(question, signal);
        const collection = await found(signal);
        if (collection === undefined) return [];
        const wanted = [own, filter].filter((one) => Object.keys(one).length > 0);
        const search = (where: object[], count: number) =>
          searched(collection, { vector, where, count }, signal);
        const { chatId } = setting;
        if (chatId === undefined) return search(wanted, most);
        // Chroma cannot ask for what has no such name: what others uploaded is left out here.
        const [here, anywhere] = await Promise.all([
          search([...wanted, { [chatIdName]: chatId }], most),
          search(wanted, Math.min(most * 10, maxSearched)),
        ]);
        const nobodys = anywhere.filter(({ document }) => !(chatIdName in document.metadata));
        return [...here, ...nobodys].sort((a, b) => b.score - a.score).slice(0, most);
      },
    };
  },
});

/** How alike, from how far apart: squares of distances unless the collection was made otherwise. */
function likenessIn({ metadata, configuration_json: set }: Collection, vector: number[]) {
  const space = set?.hnsw?.space ?? set?.spann?.space ?? metadata?.["hnsw:space"] ?? "l2";
  if (space !== "l2") return (distance: number) => 1 - distance;
  const length = Math.hypot(...vector);
  // Of vectors as long as 1 the square tells the cosine.
  return Math.abs(length - 1) < 0.01
    ? (distance: number) => 1 - distance / 2
    : (distance: number) => 1 / (1 + Math.sqrt(distance));
}

/** Chroma keeps texts, numbers and flags. Lines stand where LangChain puts them. */
function scalarMetadata({ metadata }: Document): Record<string, unknown> | null {
  const { loc, ...rest } = metadata;
  const { lines, ...place } = (loc ?? {}) as { lines?: { from?: unknown; to?: unknown } };
  const located = {
    ...rest,
    ...(loc ? { loc: place } : {}),
    locFrom: lines?.from,
    locTo: lines?.to,
  };
  const entries = Object.entries(flatMetadata(located)).map(([key, value]) => [
    key,
    Array.isArray(value) ? JSON.stringify(value) : value,
  ]);
  // An empty object is refused.
  return entries.length > 0 ? Object.fromEntries(entries) : null;
}
