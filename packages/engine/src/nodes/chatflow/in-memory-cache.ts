import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { flowCache } from "../../chatflow/open-caches.ts";

/** Answers of models, kept for all runs of the flow on every worker. */
export const inMemoryCache = defineChatNode({
  name: "inMemoryCache",
  inputs: z.looseObject({}),
  init: (_, { services, request }) => flowCache(services, `llmCache:${request.flowId}`),
});
