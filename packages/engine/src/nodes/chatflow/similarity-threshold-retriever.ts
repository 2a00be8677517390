import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { vectorStore } from "../../chatflow/chat-parts.ts";
import { retrieverOutput } from "../../chatflow/retriever-output.ts";
import { number, text } from "../../input.ts";
import { retrieverOf } from "../../retrieval/refine.ts";

/** Finds what is at least as alike as the author says, in percent; one search for the most that may be found. */
export const similarityThresholdRetriever = defineChatNode({
  name: "similarityThresholdRetriever",
  inputs: z.object({ vectorStore, query: text, minSimilarityScore: number, maxK: number }),
  init({ vectorStore, query, minSimilarityScore, maxK }, context) {
    const { rate } = vectorStore;
    if (!rate) throw new Error(`${context.label}: this vector store does not tell how alike`);
    const least = (minSimilarityScore ?? 80) / 100;
    const made = retrieverOf(async (question, options) => {
      const rated = await rate(question, { topK: maxK || 20, ...options });
      return rated.filter(({ score }) => score >= least).map(({ document }) => document);
    });
    return retrieverOutput(made, query, context);
  },
});
