import { z } from "zod";
import { defineTool } from "../tool.ts";
import { requestJson } from "./tool-request.ts";
import { requireSecrets } from "./tool-secret.ts";

const baseUrl = "https://www.googleapis.com";
const secrets = ["googleCustomSearchApiKey", "googleCustomSearchApiId"] as const;
const Answer = z.object({
  items: z
    .array(z.object({ title: z.string(), link: z.string(), snippet: z.string().optional() }))
    .default([]),
});

/** Searches with the author's own Google search engine. */
export const googleCustomSearch = defineTool({
  name: "googleCustomSearch",
  async create(inputs, context) {
    const label = "Google Custom Search";
    const setting = await requireSecrets(inputs, secrets, label, context);
    return [
      {
        name: "google-custom-search",
        description:
          "a custom search engine. useful for when you need to answer questions about current events. input should be a search query. outputs a JSON array of results.",
        schema: { type: "object", properties: { input: { type: "string" } } },
        component: { label, name: "googleCustomSearch" },
        async call({ input }, run) {
          const base = run.services.modelBaseUrls.googleSearch ?? baseUrl;
          const query = new URLSearchParams({
            key: setting.googleCustomSearchApiKey,
            cx: setting.googleCustomSearchApiId,
            q: String(input ?? ""),
          });
          const answer = await requestJson(
            "Google custom search",
            `${base}/customsearch/v1?${query}`,
            {},
            run,
          );
          return { text: JSON.stringify(Answer.parse(answer).items) };
        },
      },
    ];
  },
});
