import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import type { PromptChoice } from "../../chatflow/chat-parts.ts";
import { text } from "../../input.ts";

/** One of the prompts among which `multiPromptChain` chooses. */
export const promptRetriever = defineChatNode({
  name: "promptRetriever",
  inputs: z.object({ name: text, description: text, systemMessage: text }),
  init: (inputs): PromptChoice => ({ kind: "promptChoice", ...inputs }),
});
