import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { retriever } from "../../chatflow/chat-parts.ts";
import { retrieverOutput } from "../../chatflow/retriever-output.ts";
import { number, text } from "../../input.ts";
import type { Document } from "../../retrieval/document.ts";
import { retrieverOf } from "../../retrieval/refine.ts";

/** Shows each document in the author's own form: `{{context}}` and `{{metadata.name}}` stand for what was found. */
export const customRetriever = defineChatNode({
  name: "customRetriever",
  inputs: z.object({ vectorStore: retriever, query: text, resultFormat: text, topK: number }),
  init({ vectorStore, query, resultFormat, topK }, context) {
    const made = retrieverOf(async (question, options) => {
      const found = await vectorStore.retrieve(question, { topK: topK || 4, ...options });
      return found.map((document) => ({
        ...document,
        pageContent: shown(resultFormat || "{{context}}", document),
      }));
    });
    return retrieverOutput(made, query, context);
  },
});

const shown = (format: string, { pageContent, metadata }: Document): string =>
  format.replace(/\{\{\s*(context|metadata(?:\.[^{}]+)?)\s*\}\}/g, (_, name: string) => {
    if (name === "context") return pageContent;
    const path = name.split(".").slice(1);
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | undefined)?.[key.trim()],
      metadata,
    );
    return typeof value === "object" ? JSON.stringify(value) : String(value ?? "");
  });
