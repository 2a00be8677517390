import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { exampleMessages } from "../../chatflow/example-messages.ts";
import { type Prompt, type PromptMessage, PromptValues } from "../../chatflow/prompt.ts";
import { parseTemplate } from "../../chatflow/template.ts";
import { text } from "../../input.ts";

/** A system and a human message with variables; between them examples that the author's code returns. */
export const chatPromptTemplate = defineChatNode({
  name: "chatPromptTemplate",
  inputs: z.object({
    systemMessagePrompt: text,
    humanMessagePrompt: text,
    promptValues: PromptValues,
    messageHistory: text,
    messageHistoryCode: text,
  }),
  async init(inputs, context): Promise<Prompt> {
    const { systemMessagePrompt, humanMessagePrompt, promptValues: values } = inputs;
    const code = inputs.messageHistoryCode || inputs.messageHistory;
    const messages: PromptMessage[] = [
      { role: "system", template: parseTemplate(systemMessagePrompt) },
    ];
    if (code) messages.push(...(await exampleMessages(code, context)).map((fixed) => ({ fixed })));
    messages.push({ role: "user", template: parseTemplate(humanMessagePrompt) });
    return { kind: "prompt", messages, values };
  },
});
