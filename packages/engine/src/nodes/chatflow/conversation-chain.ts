import { z } from "zod";
import { askModel, withImages } from "../../chatflow/ask-model.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { memory, model, optional, prompt } from "../../chatflow/chat-parts.ts";
import { fillPrompt, ownPrompt, valuesFor } from "../../chatflow/prompt.ts";
import { text } from "../../input.ts";

const defaultSystem =
  "This is a friendly conversation between a person and an assistant. The assistant is helpful and specific, and says so when it does not know an answer.";

/** Talks with the user, remembering what was said. */
export const conversationChain = defineChatNode({
  name: "conversationChain",
  inputs: z.object({
    model,
    memory: optional(memory),
    chatPromptTemplate: optional(prompt),
    systemMessagePrompt: text,
  }),
  async run({ model, memory, chatPromptTemplate, systemMessagePrompt }, context) {
    const { question } = context;
    const said = chatPromptTemplate
      ? fillPrompt(
          chatPromptTemplate.messages,
          valuesFor(chatPromptTemplate, question, { input: question }),
        )
      : ownPrompt(systemMessagePrompt || defaultSystem, question);
    const before = said.slice(0, -1);
    const conversation = [...before, ...((await memory?.messages(model)) ?? []), said.at(-1)!];
    const { text } = await askModel(
      model,
      { messages: withImages(conversation, model, context) },
      context,
    );
    return { text };
  },
});
