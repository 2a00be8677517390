import { z } from "zod";
import { rows, text } from "../../input.ts";
import { openDocumentStore, retrieveAll } from "../../knowledge.ts";
import { defineNode } from "../../node.ts";

/** Looks for documents in document stores; what each finds stands after what the one before found. */
export const retriever = defineNode({
  name: "retrieverAgentflow",
  updateState: "retrieverUpdateState",
  inputs: z.object({
    retrieverKnowledgeDocumentStores: rows(z.looseObject({ documentStore: text })),
    retrieverQuery: text,
    outputFormat: text,
  }),
  async run(given, { input, services, fixes, isLast, emit, nodeId }) {
    const chosen = given.retrieverKnowledgeDocumentStores.filter((row) => row.documentStore);
    if (chosen.length === 0) throw new Error("Please select a document store");
    const query = given.retrieverQuery || input || "";
    const stores = await Promise.all(
      chosen.map((row) => openDocumentStore(row.documentStore, services, fixes)),
    );
    const documents = await retrieveAll(stores, query, services.signal);
    const content =
      given.outputFormat === "textWithMetadata"
        ? JSON.stringify(documents, null, 2)
        : documents.map(({ pageContent }) => pageContent).join("\n");
    if (isLast) emit({ type: "text.delta", nodeId, text: content });
    return { input: { question: query }, output: { content } };
  },
});
