import { z } from "zod";
import { cachedEmbeddings } from "../../chatflow/answer-cache.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { embeddings } from "../../chatflow/chat-parts.ts";
import { redisCacheOf } from "../../chatflow/open-caches.ts";
import { number, text } from "../../input.ts";

/** Vectors of documents, kept in a Redis of the author's. The input is labelled ms; Flowise counts seconds. */
export const redisEmbeddingsCache = defineChatNode({
  name: "redisEmbeddingsCache",
  inputs: z.object({ embeddings, namespace: text, ttl: number }),
  async init({ embeddings, namespace, ttl }, { services, credentialId, request, nodeId }) {
    const options = { prefix: "embeddingCache", ttlSeconds: ttl ?? 3600 };
    const cache = await redisCacheOf(services, credentialId, options);
    return cachedEmbeddings(embeddings, cache, namespace || `${request.flowId} ${nodeId}`);
  },
});
