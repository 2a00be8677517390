import { z } from "zod";
import { withImages } from "../../chatflow/ask-model.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { memory, model, optional, prompt, several, tool } from "../../chatflow/chat-parts.ts";
import { fillPrompt, ownPrompt, valuesFor } from "../../chatflow/prompt.ts";
import { runToolLoop } from "../../chatflow/tool-loop.ts";
import { number, text } from "../../input.ts";

/** Answers with the help of tools that the model calls by itself. */
export const toolAgent = defineChatNode({
  name: "toolAgent",
  inputs: z.object({
    model,
    tools: several(tool),
    memory: optional(memory),
    chatPromptTemplate: optional(prompt),
    systemMessage: text,
    maxIterations: number,
  }),
  async run(inputs, context) {
    const { model, tools, memory, chatPromptTemplate, systemMessage, maxIterations } = inputs;
    const { question } = context;
    const said = chatPromptTemplate
      ? fillPrompt(
          chatPromptTemplate.messages,
          valuesFor(chatPromptTemplate, question, { input: question }),
        )
      : ownPrompt(systemMessage || "You are a helpful AI assistant.", question);
    const past = (await memory?.messages(model)) ?? [];
    const conversation = [...said.slice(0, -1), ...past, said.at(-1)!];
    const messages = withImages(conversation, model, context);
    return runToolLoop({ model, messages, tools, maxIterations }, context);
  },
});
