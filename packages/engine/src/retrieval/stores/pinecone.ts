import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import type { GuardedFetch } from "../../http/guarded-fetch.ts";
import type { ModelSetting } from "../../model.ts";
import { baseUrl, credentialField, numberInput, textInput } from "../../models/model-input.ts";
import { postToProvider } from "../../models/provider-request.ts";
import { withRetry } from "../../models/retry.ts";
import type { Document } from "../document.ts";
import { flatMetadata } from "../flat-metadata.ts";
import { chatIdName, defineVectorStore, type VectorStore } from "../vector-store.ts";

const apiVersion = "2025-04";
const batchSize = 100;
const hostAgeMs = 600_000;
const maxHosts = 500;

const Index = z.object({ host: z.string() });
const Matches = z.object({
  matches: z
    .array(
      z.object({
        id: z.string(),
        score: z.number().nullish(),
        metadata: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .default([]),
});

/** Pinecone over its REST interface. */
export const pinecone = defineVectorStore({
  name: "pinecone",
  open(setting): VectorStore {
    const { embeddings, fetch } = setting;
    const textKey = textInput(setting, "pineconeTextKey") ?? "text";
    const namespace = textInput(setting, "pineconeNamespace") ?? "";
    const topK = numberInput(setting, "topK") || 4;
    const ownFilter = jsonInput(setting.inputs.pineconeMetadataFilter);
    const headers = {
      "api-key": credentialField(setting, "pineconeApiKey") ?? "",
      "x-pinecone-api-version": apiVersion,
    };

    async function call(path: string, body: object, signal: AbortSignal): Promise<unknown> {
      const host = await hostOf(setting, headers, signal);
      return withRetry({ signal }, async () => {
        const url = `${host}${path}`;
        const request = { url, headers, body: { ...body, namespace }, signal, timeoutMs: 60_000 };
        return (await postToProvider(fetch, request)).json();
      });
    }

    return {
      kind: "vectorStore",
      place: namespace || (textInput(setting, "pineconeIndex") ?? ""),
      async add(documents, signal, given) {
        const texts = documents.map(({ pageContent }) => pageContent);
        const vectors = await embeddings.embedDocuments(texts, signal);
        const ids = given ?? documents.map(() => randomUUID());
        const records = documents.map((document, i) => ({
          id: ids[i],
          values: vectors[i],
          metadata: { ...flatMetadata(document.metadata), [textKey]: document.pageContent },
        }));
        for (let from = 0; from < records.length; from += batchSize)
          await call("/vectors/upsert", { vectors: records.slice(from, from + batchSize) }, signal);
        return ids;
      },
      async delete(ids, signal) {
        for (let from = 0; from < ids.length; from += batchSize)
          await call("/vectors/delete", { ids: ids.slice(from, from + batchSize) }, signal);
      },
      async retrieve(query, options) {
        return (await this.rate!(query, options)).map(({ document }) => document);
      },
      async rate(query, { signal, filter, topK: most = topK }) {
        const vector = await embeddings.embedQuery(query, signal);
        const both = { ...ownFilter, ...uploadedHere(setting.chatId), ...filter };
        const wanted = Object.keys(both).length > 0 ? { filter: both } : {};
        const body = { vector, topK: most, includeMetadata: true, ...wanted };
        const { matches } = Matches.parse(await call("/query", body, signal));
        return matches.map(({ id, metadata, score }) => {
          const { [textKey]: text, ...rest } = metadata ?? {};
          const document: Document = { pageContent: String(text ?? ""), metadata: rest, id };
          return { document, score: score ?? 0 };
        });
      },
    };
  },
});

/** What was uploaded in this conversation or in none. */
const uploadedHere = (chatId: string | undefined): Record<string, unknown> =>
  chatId === undefined
    ? {}
    : { $or: [{ [chatIdName]: { $eq: chatId } }, { [chatIdName]: { $exists: false } }] };

// An index does not move: its host is asked for once in a while, by each process.
const hosts = new WeakMap<GuardedFetch, Map<string, { at: number; host: Promise<string> }>>();

function hostOf(
  setting: ModelSetting,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<string> {
  const index = textInput(setting, "pineconeIndex") ?? "";
  const controller = baseUrl(setting.baseUrls.pinecone, "https://api.pinecone.io");
  const known = hosts.get(setting.fetch) ?? new Map();
  hosts.set(setting.fetch, known);
  const secret = createHash("sha256")
    .update(headers["api-key"] ?? "")
    .digest("hex");
  const key = `${controller} ${index} ${secret}`;
  const cached = known.get(key);
  if (cached && Date.now() - cached.at < hostAgeMs) return cached.host;
  const host = describe(setting.fetch, `${controller}/indexes/${index}`, headers, signal);
  host.catch(() => known.delete(key));
  if (known.size >= maxHosts) known.clear();
  known.set(key, { at: Date.now(), host });
  return host;
}

async function describe(
  fetch: GuardedFetch,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<string> {
  const response = await fetch(url, { headers, signal, timeoutMs: 30_000 });
  if (response.status !== 200) {
    const words = (await response.text()).slice(0, 300);
    throw new Error(`Pinecone does not tell of the index: ${response.status} ${words}`);
  }
  const { host } = Index.parse(await response.json());
  return host.includes("://") ? host : `https://${host}`;
}

function jsonInput(value: unknown): Record<string, unknown> {
  const parsed: unknown = typeof value === "string" && value.trim() ? JSON.parse(value) : value;
  return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
}
