import { z } from "zod";
import type { GuardedFetch } from "../../http/guarded-fetch.ts";
import { postToProvider } from "../../models/provider-request.ts";
import { batched } from "../embed-batches.ts";
import type { Embeddings } from "../embeddings.ts";

const Reply = z.object({
  data: z.array(z.object({ index: z.number().optional(), embedding: z.array(z.number()) })),
});

export interface OpenAiEmbeddingsWire {
  fetch: GuardedFetch;
  url: string;
  headers: Record<string, string>;
  /** Everything of the body but the texts. */
  params: Record<string, unknown>;
  batchSize: number;
  stripNewLines: boolean;
  timeoutMs: number | undefined;
}

/** Embeddings of a provider that speaks OpenAI's wire. */
export const openAiEmbeddings = (wire: OpenAiEmbeddingsWire): Embeddings =>
  batched(async (input, signal) => {
    const response = await postToProvider(wire.fetch, {
      url: wire.url,
      headers: wire.headers,
      body: { ...wire.params, input },
      signal,
      timeoutMs: wire.timeoutMs ?? 120_000,
    });
    const { data } = Reply.parse(await response.json());
    return data
      .toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0))
      .map(({ embedding }) => embedding);
  }, wire);
