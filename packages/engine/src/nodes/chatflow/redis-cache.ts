import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { redisCacheOf } from "../../chatflow/open-caches.ts";
import { number } from "../../input.ts";

/** Answers of models, kept in a Redis of the author's. The input is labelled ms; Flowise counts seconds. */
export const redisCache = defineChatNode({
  name: "redisCache",
  inputs: z.object({ ttl: number }),
  init: ({ ttl }, { services, credentialId }) =>
    redisCacheOf(services, credentialId, { prefix: "llmCache", ttlSeconds: ttl }),
});
