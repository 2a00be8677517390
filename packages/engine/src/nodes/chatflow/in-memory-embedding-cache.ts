import { z } from "zod";
import { cachedEmbeddings } from "../../chatflow/answer-cache.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { embeddings } from "../../chatflow/chat-parts.ts";
import { flowCache } from "../../chatflow/open-caches.ts";
import { text } from "../../input.ts";

/** Vectors of documents, kept for all runs of the flow on every worker. */
export const inMemoryEmbeddingCache = defineChatNode({
  name: "inMemoryEmbeddingCache",
  inputs: z.object({ embeddings, namespace: text }),
  init: ({ embeddings, namespace }, { services, request, nodeId }) => {
    const cache = flowCache(services, `embeddingCache:${request.flowId}`);
    return cachedEmbeddings(embeddings, cache, namespace || nodeId);
  },
});
