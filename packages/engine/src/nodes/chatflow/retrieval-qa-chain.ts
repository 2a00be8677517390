import { z } from "zod";
import { askModel } from "../../chatflow/ask-model.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { model, retriever } from "../../chatflow/chat-parts.ts";
import type { ChatMessage } from "../../model.ts";

/** Answers from documents, without a memory. */
export const retrievalQAChain = defineChatNode({
  name: "retrievalQAChain",
  inputs: z.object({ model, vectorStoreRetriever: retriever }),
  async run({ model, vectorStoreRetriever }, context) {
    const { question, services } = context;
    const documents = await vectorStoreRetriever.retrieve(question, { signal: services.signal });
    const found = documents.map(({ pageContent }) => pageContent).join("\n\n");
    const messages: ChatMessage[] = [
      {
        role: "system",
        content: `Answer the user's question from the text below. Where the text does not say it, say that you do not know; do not make up an answer.\n----------------\n${found}`,
      },
      { role: "user", content: question },
    ];
    const { text } = await askModel(model, { messages }, context);
    return { text };
  },
});
