import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { embeddings, retriever } from "../../chatflow/chat-parts.ts";
import { retrieverOutput } from "../../chatflow/retriever-output.ts";
import { number, text } from "../../input.ts";
import { cosine } from "../../retrieval/cosine.ts";
import { retrieverOf } from "../../retrieval/refine.ts";

/** Drops documents whose vectors are too far from the question's. */
export const embeddingsFilterRetriever = defineChatNode({
  name: "embeddingsFilterRetriever",
  inputs: z.object({
    baseRetriever: retriever,
    embeddings,
    query: text,
    similarityThreshold: number,
    k: number,
  }),
  init({ baseRetriever, embeddings, query, similarityThreshold, k }, context) {
    if (similarityThreshold === undefined && k === undefined)
      throw new Error(`${context.label}: a similarity threshold or a number K is needed`);
    const made = retrieverOf(async (question, options) => {
      const { signal } = options;
      const found = await baseRetriever.retrieve(question, options);
      if (found.length === 0) return [];
      const texts = found.map(({ pageContent }) => pageContent);
      const vectors = await embeddings.embedDocuments(texts, signal);
      const asked = await embeddings.embedQuery(question, signal);
      return found
        .map((document, i) => ({ document, score: cosine(asked, vectors[i]!) }))
        .filter(({ score }) => score >= (similarityThreshold ?? -1))
        .sort((a, b) => b.score - a.score)
        .slice(0, k || found.length)
        .map(({ document }) => document);
    });
    return retrieverOutput(made, query, context);
  },
});
