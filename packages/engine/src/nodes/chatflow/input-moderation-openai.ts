import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { type Moderation, Refusal } from "../../chatflow/chat-parts.ts";
import { text } from "../../input.ts";
import { postToProvider } from "../../models/provider-request.ts";

const Verdict = z.object({ results: z.array(z.object({ flagged: z.boolean() })) });

/** Refuses what OpenAI's moderation flags. */
export const inputModerationOpenAI = defineChatNode({
  name: "inputModerationOpenAI",
  inputs: z.object({ moderationErrorMessage: text, openAIApiKey: text }),
  async init(inputs, { credentialId, services }): Promise<Moderation> {
    const { fetch, modelBaseUrls, signal } = services;
    const credential = credentialId ? await services.credential(credentialId) : {};
    const key = inputs.openAIApiKey || credential.openAIApiKey || "";
    const base = (modelBaseUrls.openai ?? "https://api.openai.com/v1").replace(/\/+$/, "");
    return {
      kind: "moderation",
      async check(input) {
        const response = await postToProvider(fetch, {
          url: `${base}/moderations`,
          headers: { authorization: `Bearer ${key}` },
          body: { model: "omni-moderation-latest", input },
          signal,
          timeoutMs: 60_000,
        });
        const { results } = Verdict.parse(await response.json());
        if (results.some(({ flagged }) => flagged))
          throw new Refusal(
            inputs.moderationErrorMessage || "This question is against the rules of this chat.",
          );
      },
    };
  },
});
