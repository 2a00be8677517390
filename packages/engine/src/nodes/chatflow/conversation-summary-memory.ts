import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { type ChatMemory, model } from "../../chatflow/chat-parts.ts";
import { rememberedMessages, toChatMessages } from "../../chatflow/past.ts";
import { remembered } from "../../memory.ts";

/** Remembers a summary of the session, made by a model. */
export const conversationSummaryMemory = defineChatNode({
  name: "conversationSummaryMemory",
  inputs: z.object({ model }),
  init: ({ model }, context): ChatMemory => ({
    kind: "memory",
    async messages(asking) {
      const memory = { type: "conversationSummary", window: undefined, maxTokens: 0 };
      const past = await rememberedMessages(context);
      const summary = await remembered(memory, past, [], model, context.asNodeRun());
      return toChatMessages(
        summary.map((message) => ({ ...message, role: "system" })),
        asking,
      );
    },
  }),
});
