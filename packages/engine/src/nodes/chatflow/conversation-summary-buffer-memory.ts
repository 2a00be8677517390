import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { type ChatMemory, model } from "../../chatflow/chat-parts.ts";
import { rememberedMessages, toChatMessages } from "../../chatflow/past.ts";
import { number } from "../../input.ts";
import { remembered } from "../../memory.ts";

/** Remembers the latest messages word for word and a summary of those before. */
export const conversationSummaryBufferMemory = defineChatNode({
  name: "conversationSummaryBufferMemory",
  inputs: z.object({ model, maxTokenLimit: number }),
  init: ({ model, maxTokenLimit }, context): ChatMemory => ({
    kind: "memory",
    async messages(asking) {
      const type = "conversationSummaryBuffer";
      const memory = { type, window: undefined, maxTokens: maxTokenLimit || 2000 };
      const past = await rememberedMessages(context);
      return toChatMessages(await remembered(memory, past, [], model, context.asNodeRun()), asking);
    },
  }),
});
