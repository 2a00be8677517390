import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { document, embeddings, several } from "../../chatflow/chat-parts.ts";
import { number } from "../../input.ts";
import { openMemoryStore } from "../../retrieval/stores/memory-store.ts";

/** Indexes its documents anew for every question. */
export const memoryVectorStore = defineChatNode({
  name: "memoryVectorStore",
  inputs: z.object({ document: several(document), embeddings, topK: number }),
  async init({ document, embeddings, topK }, { services }) {
    const store = openMemoryStore(embeddings, topK || 4);
    await store.add(
      document.filter(({ pageContent }) => pageContent !== ""),
      services.signal,
    );
    return store;
  },
  /** Nothing lasts: it tells whether the documents can be embedded, and which they are. */
  async upsert({ document, embeddings, topK }, { services }) {
    const addedDocs = document.filter(({ pageContent }) => pageContent !== "");
    await openMemoryStore(embeddings, topK || 4).add(addedDocs, services.signal);
    return { numAdded: addedDocs.length, addedDocs };
  },
});
