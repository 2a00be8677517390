import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import type { ChatMemory } from "../../chatflow/chat-parts.ts";
import { rememberedMessages, toChatMessages } from "../../chatflow/past.ts";

/** Remembers the saved messages of the session. */
export const bufferMemory = defineChatNode({
  name: "bufferMemory",
  inputs: z.looseObject({}),
  init: (_, run): ChatMemory => ({
    kind: "memory",
    messages: async (model) => toChatMessages(await rememberedMessages(run), model),
  }),
});
