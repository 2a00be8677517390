import { z } from "zod";
import { askText, linesOf } from "../../chatflow/ask-text.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { model, retriever } from "../../chatflow/chat-parts.ts";
import { retrieverOutput } from "../../chatflow/retriever-output.ts";
import { number, text } from "../../input.ts";
import type { Document } from "../../retrieval/document.ts";
import { inGroups, keyOf, retrieverOf } from "../../retrieval/refine.ts";

const maxQueries = 10;
const prompt =
  "Write {count} search queries that together find what belongs to the question below, one a line and nothing else.\n\nQuestion: {question}";

/** Searches with several queries and puts first what stands high for many of them. */
export const rrfRetriever = defineChatNode({
  name: "RRFRetriever",
  inputs: z.object({
    baseRetriever: retriever,
    model,
    query: text,
    queryCount: number,
    topK: number,
    c: number,
  }),
  init({ baseRetriever, model, query, queryCount, topK, c }, context) {
    const count = Math.min(Math.max(1, Math.floor(queryCount || 4)), maxQueries);
    const made = retrieverOf(async (question, options) => {
      const said = await askText(model, prompt, { count, question }, options.signal);
      const queries = [...new Set([question, ...linesOf(said, count)])];
      const found = await inGroups(queries, (one) => baseRetriever.retrieve(one, options));
      const most = Math.max(...found.map(({ length }) => length));
      return fused(found, c || 60).slice(0, topK || most);
    });
    return retrieverOutput(made, query, context);
  },
});

/** Each list gives a document 1 / (rank + c); the sum decides. */
function fused(found: Document[][], c: number): Document[] {
  const rated = new Map<string, { document: Document; score: number }>();
  for (const list of found)
    for (const [rank, document] of list.entries()) {
      const known = rated.get(keyOf(document)) ?? { document, score: 0 };
      known.score += 1 / (rank + 1 + c);
      rated.set(keyOf(document), known);
    }
  return [...rated.values()].sort((a, b) => b.score - a.score).map(({ document }) => document);
}
