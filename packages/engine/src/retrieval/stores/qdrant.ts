import { randomUUID } from "node:crypto";
import { z } from "zod";
import { baseUrl, credentialField, numberInput, textInput } from "../../models/model-input.ts";
import { withRetry } from "../../models/retry.ts";
import { chatIdName, defineVectorStore, type VectorStore } from "../vector-store.ts";
import { jsonInput } from "./json-input.ts";
import { qdrantCall } from "./qdrant-call.ts";

const batchSize = 100;

const Exists = z.object({ exists: z.boolean() });
const Points = z.array(
  z.object({
    id: z.union([z.string(), z.number()]),
    score: z.number().nullish(),
    payload: z.record(z.string(), z.unknown()).nullish(),
  }),
);
const Metadata = z.record(z.string(), z.unknown()).catch({});

/** Qdrant over its REST interface; a collection is made when its first documents come. */
export const qdrant = defineVectorStore({
  name: "qdrant",
  open(setting): VectorStore {
    const { embeddings } = setting;
    const server = baseUrl(textInput(setting, "qdrantServerUrl"));
    const collection = textInput(setting, "qdrantCollection");
    if (!server || !collection) throw new Error("Qdrant: server URL and collection are needed");
    const path = `/collections/${encodeURIComponent(collection)}`;
    const apiKey = credentialField(setting, "qdrantApiKey");
    const topK = numberInput(setting, "topK") || 4;
    const contentKey = textInput(setting, "contentPayloadKey") ?? "content";
    const metadataKey = textInput(setting, "metadataPayloadKey") ?? "metadata";
    const own = jsonInput(setting, "qdrantFilter");
    const call = (method: string, at: string, body: object | undefined, signal: AbortSignal) =>
      withRetry({ signal }, () =>
        qdrantCall(setting.fetch, { url: `${server}${path}${at}`, apiKey, method, body, signal }),
      );

    async function ensureCollection(size: number, signal: AbortSignal): Promise<void> {
      if (Exists.parse(await call("GET", "/exists", undefined, signal)).exists) return;
      const { vectors, ...rest } = jsonInput(setting, "qdrantCollectionConfiguration");
      const distance = textInput(setting, "qdrantSimilarity") ?? "Cosine";
      const made = { ...rest, vectors: { ...(vectors as object | undefined), size, distance } };
      await call("PUT", "", made, signal).catch(async (error: unknown) => {
        // Somebody else may have made it in the meantime.
        if (!Exists.parse(await call("GET", "/exists", undefined, signal)).exists) throw error;
      });
    }

    return {
      kind: "vectorStore",
      place: collection,
      async add(documents, signal, given) {
        const texts = documents.map(({ pageContent }) => pageContent);
        const vectors = await embeddings.embedDocuments(texts, signal);
        const ids = given ?? documents.map(() => randomUUID());
        const points = documents.map(({ pageContent, metadata }, i) => ({
          id: ids[i],
          vector: vectors[i],
          payload: { [contentKey]: pageContent, [metadataKey]: metadata },
        }));
        if (vectors[0]) await ensureCollection(vectors[0].length, signal);
        for (let from = 0; from < points.length; from += batchSize) {
          const batch = points.slice(from, from + batchSize);
          await call("PUT", "/points?wait=true", { points: batch }, signal);
        }
        return ids;
      },
      async delete(ids, signal) {
        if (ids.length > 0) await call("POST", "/points/delete?wait=true", { points: ids }, signal);
      },
      async retrieve(question, options) {
        return (await this.rate!(question, options)).map(({ document }) => document);
      },
      async rate(question, { signal, filter = {}, topK: most = topK }) {
        const vector = await embeddings.embedQuery(question, signal);
        const uploads = uploadedHere(setting.chatId, `${metadataKey}.${chatIdName}`);
        const wanted = [own, uploads, filter].filter((one) => Object.keys(one).length > 0);
        const body = {
          vector,
          limit: most,
          with_payload: true,
          ...(wanted.length > 0 && { filter: { must: wanted } }),
        };
        const points = Points.parse(await call("POST", "/points/search", body, signal));
        return points.map(({ id, payload, score }) => ({
          document: {
            pageContent: String(payload?.[contentKey] ?? ""),
            metadata: Metadata.parse(payload?.[metadataKey]),
            id: String(id),
          },
          score: score ?? 0,
        }));
      },
    };
  },
});

/** What was uploaded in this conversation or in none. */
const uploadedHere = (chatId: string | undefined, key: string): object =>
  chatId === undefined
    ? {}
    : { should: [{ key, match: { value: chatId } }, { is_empty: { key } }] };
