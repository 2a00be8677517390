import { z } from "zod";
import { type ChatNode, defineChatNode } from "../../chatflow/chat-node.ts";
import { retriever } from "../../chatflow/chat-parts.ts";
import { retrieverOutput } from "../../chatflow/retriever-output.ts";
import { number, text } from "../../input.ts";
import { baseUrl } from "../../models/model-input.ts";
import { reranked } from "../../retrieval/rerank.ts";

interface Provider {
  /** Name of its base URL among those an operator may set. */
  provider: string;
  url: string;
  model: string;
  /** Fields of its credential. */
  keyField: string;
  urlField?: string;
  params(model: string, topK: number, maxChunksPerDoc: number | undefined): object;
}

/** Retrievers whose documents a provider rates. */
const rerankRetriever = (name: string, provider: Provider): ChatNode =>
  defineChatNode({
    name,
    inputs: z.object({
      baseRetriever: retriever,
      model: text,
      query: text,
      topK: number,
      topN: number,
      maxChunksPerDoc: number,
    }),
    async init({ baseRetriever, query, maxChunksPerDoc, ...inputs }, context) {
      const { services, credentialId } = context;
      const credential = await services.credential(credentialId ?? "");
      const topK = inputs.topK || inputs.topN || 4;
      const made = reranked(baseRetriever, {
        fetch: services.fetch,
        url: baseUrl(
          provider.urlField && credential[provider.urlField],
          services.modelBaseUrls[provider.provider],
          provider.url,
        ),
        key: credential[provider.keyField] ?? "",
        params: { ...provider.params(inputs.model || provider.model, topK, maxChunksPerDoc) },
        topK,
      });
      return retrieverOutput(made, query, context);
    },
  });

export const cohereRerankRetriever = rerankRetriever("cohereRerankRetriever", {
  provider: "cohereRerank",
  url: "https://api.cohere.com/v1/rerank",
  model: "rerank-v3.5",
  keyField: "cohereApiKey",
  params: (model, top_n, max_chunks_per_doc) => ({ model, top_n, max_chunks_per_doc }),
});

export const jinaRerankRetriever = rerankRetriever("JinaRerankRetriever", {
  provider: "jinaRerank",
  url: "https://api.jina.ai/v1/rerank",
  model: "jina-reranker-v2-base-multilingual",
  keyField: "jinaAIAPIKey",
  params: (model, top_n) => ({ model, top_n }),
});

export const voyageAIRerankRetriever = rerankRetriever("voyageAIRerankRetriever", {
  provider: "voyageRerank",
  url: "https://api.voyageai.com/v1/rerank",
  model: "rerank-lite-1",
  keyField: "apiKey",
  urlField: "endpoint",
  params: (model, top_k) => ({ model, top_k }),
});
