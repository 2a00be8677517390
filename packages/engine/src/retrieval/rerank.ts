import { z } from "zod";
import type { GuardedFetch } from "../http/guarded-fetch.ts";
import { postToProvider } from "../models/provider-request.ts";
import { withRetry } from "../models/retry.ts";
import { retrieverOf } from "./refine.ts";
import type { Retriever } from "./retriever.ts";

const Rated = z.array(z.object({ index: z.number().int(), relevance_score: z.number() }));
// Cohere and Jina say `results`, Voyage says `data`.
const Reply = z.object({ results: Rated.optional(), data: Rated.optional() });

export interface Reranker {
  fetch: GuardedFetch;
  url: string;
  key: string;
  /** Everything of the body but query and documents. */
  params: Record<string, unknown>;
  topK: number;
}

/** Lets a provider rate what another retriever finds, and keeps the best. */
export const reranked = (base: Retriever, reranker: Reranker): Retriever =>
  retrieverOf(async (query, options) => {
    const found = await base.retrieve(query, options);
    if (found.length === 0) return [];
    const { signal } = options;
    const documents = found.map(({ pageContent }) => pageContent);
    const reply = await withRetry({ signal }, async () => {
      const response = await postToProvider(reranker.fetch, {
        url: reranker.url,
        headers: { authorization: `Bearer ${reranker.key}` },
        body: { ...reranker.params, query, documents },
        signal,
        timeoutMs: 60_000,
      });
      return Reply.parse(await response.json());
    });
    return (reply.results ?? reply.data ?? [])
      .toSorted((a, b) => b.relevance_score - a.relevance_score)
      .slice(0, reranker.topK)
      .flatMap(({ index, relevance_score }) => {
        const document = found[index];
        return document
          ? [{ ...document, metadata: { ...document.metadata, relevance_score } }]
          : [];
      });
  });
