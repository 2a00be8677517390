import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { embeddings, several } from "../../chatflow/chat-parts.ts";
import { number } from "../../input.ts";
import { openMemoryStore } from "../../retrieval/stores/memory-store.ts";

const Document = z.object({
  pageContent: z.string(),
  metadata: z.record(z.string(), z.unknown()).default({}),
});

/** Indexes its documents anew for every question. */
export const memoryVectorStore = defineChatNode({
  name: "memoryVectorStore",
  inputs: z.object({ document: several(Document), embeddings, topK: number }),
  async init({ document, embeddings, topK }, { services }) {
    const store = openMemoryStore(embeddings, topK || 4);
    await store.add(
      document.filter(({ pageContent }) => pageContent !== ""),
      services.signal,
    );
    return store;
  },
});
