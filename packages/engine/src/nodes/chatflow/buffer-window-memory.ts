import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import type { ChatMemory } from "../../chatflow/chat-parts.ts";
import { rememberedMessages, toChatMessages } from "../../chatflow/past.ts";
import { number } from "../../input.ts";

/** Remembers the last `k` exchanges of the session. */
export const bufferWindowMemory = defineChatNode({
  name: "bufferWindowMemory",
  inputs: z.object({ k: number }),
  init: ({ k }, run): ChatMemory => ({
    kind: "memory",
    messages: async (model) =>
      toChatMessages((await rememberedMessages(run)).slice(-2 * (k || 4)), model),
  }),
});
