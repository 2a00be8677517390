import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { type Prompt, PromptValues } from "../../chatflow/prompt.ts";
import { parseTemplate } from "../../chatflow/template.ts";
import { text } from "../../input.ts";

/** A text with variables, said as one message of the user. */
export const promptTemplate = defineChatNode({
  name: "promptTemplate",
  inputs: z.object({ template: text, promptValues: PromptValues }),
  init: ({ template, promptValues }): Prompt => ({
    kind: "prompt",
    messages: [{ role: "user", template: parseTemplate(template) }],
    values: promptValues,
  }),
});
