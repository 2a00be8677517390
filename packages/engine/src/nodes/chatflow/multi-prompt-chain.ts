import { z } from "zod";
import { askModel, withImages } from "../../chatflow/ask-model.ts";
import { type ChatNodeRun, defineChatNode } from "../../chatflow/chat-node.ts";
import { model, type PromptChoice, promptChoice, several } from "../../chatflow/chat-parts.ts";
import { fillTemplate, parseTemplate } from "../../chatflow/template.ts";
import type { ChatModel } from "../../model.ts";

const fallback = "none";

/** Lets the model choose the prompt that fits the question, then answers with it. */
export const multiPromptChain = defineChatNode({
  name: "multiPromptChain",
  inputs: z.object({ model, promptRetriever: several(promptChoice) }),
  async run({ model, promptRetriever }, context) {
    const { question } = context;
    const choice = await choose(model, promptRetriever, context);
    const system = choice && fillTemplate(parseTemplate(choice.systemMessage), { input: question });
    const messages = [
      ...(system ? [{ role: "system" as const, content: system }] : []),
      { role: "user" as const, content: question },
    ];
    const { text } = await askModel(
      model,
      { messages: withImages(messages, model, context) },
      context,
    );
    return { text };
  },
});

async function choose(
  model: ChatModel,
  choices: PromptChoice[],
  { question, services }: ChatNodeRun,
): Promise<PromptChoice | undefined> {
  const lines = choices.map(({ name, description }) => `${name}: ${description}`).join("\n");
  const content = `Choose who should answer the question below.\n\n${lines}\n${fallback}: none of them fits\n\nQuestion: ${question}`;
  const { structured } = await model.generate({
    messages: [{ role: "user", content }],
    schema: {
      name: "choose",
      schema: {
        type: "object",
        properties: {
          name: { type: "string", enum: [...choices.map(({ name }) => name), fallback] },
        },
        required: ["name"],
      },
    },
    signal: services.signal,
  });
  return choices.find(({ name }) => name === structured?.name);
}
