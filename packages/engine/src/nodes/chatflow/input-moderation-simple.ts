import { z } from "zod";
import { askModel } from "../../chatflow/ask-model.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { type Moderation, model, optional, Refusal } from "../../chatflow/chat-parts.ts";
import { text } from "../../input.ts";

/** Refuses questions that hold a denied phrase, or that a model finds similar to one. */
export const inputModerationSimple = defineChatNode({
  name: "inputModerationSimple",
  inputs: z.object({ denyList: text, model: optional(model), moderationErrorMessage: text }),
  init({ denyList, model, moderationErrorMessage }, context): Moderation {
    const denied = denyList.split("\n").filter((line) => line.trim() !== "");
    const refusal = () =>
      new Refusal(moderationErrorMessage || "This question is against the rules of this chat.");
    return {
      kind: "moderation",
      async check(question) {
        for (const phrase of denied) {
          const hit = model
            ? await isSimilar(phrase, question)
            : question.toLowerCase().includes(phrase.toLowerCase());
          if (hit) throw refusal();
        }
      },
    };

    async function isSimilar(phrase: string, question: string): Promise<boolean> {
      const content = `Are these two sentences similar to each other? Only return Yes or No.\nFirst sentence: ${question}\nSecond sentence: ${phrase}`;
      const { services } = context;
      const { text } = await askModel(
        model!,
        { messages: [{ role: "user", content }] },
        { services },
      );
      return text.trim().toLowerCase().includes("yes");
    }
  },
});
