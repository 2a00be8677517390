import { z } from "zod";
import { defineTool } from "../tool.ts";
import { requestJson } from "./tool-request.ts";
import { requireSecrets } from "./tool-secret.ts";

const baseUrl = "https://api.search.brave.com";
const Result = z
  .object({ title: z.string(), url: z.string(), description: z.string().optional() })
  .transform(({ title, url, description }) => ({ title, link: url, snippet: description }));
const Answer = z.object({
  web: z.object({ results: z.array(Result).default([]) }).default({ results: [] }),
});

/** Searches with Brave. */
export const braveSearchAPI = defineTool({
  name: "braveSearchAPI",
  async create(inputs, context) {
    const label = "BraveSearch API";
    const { braveApiKey } = await requireSecrets(inputs, ["braveApiKey"], label, context);
    return [
      {
        name: "brave-search",
        description:
          "Searches the web. Use it for questions about current events. The input is a search query; the result is a JSON list of pages.",
        schema: { type: "object", properties: { input: { type: "string" } } },
        component: { label, name: "braveSearchAPI" },
        async call({ input }, run) {
          const base = run.services.modelBaseUrls.braveSearch ?? baseUrl;
          const query = new URLSearchParams({ q: String(input ?? "") });
          const headers = { accept: "application/json", "x-subscription-token": braveApiKey };
          const answer = await requestJson(
            "Brave Search",
            `${base}/res/v1/web/search?${query}`,
            { headers },
            run,
          );
          return { text: JSON.stringify(Answer.parse(answer).web.results) };
        },
      },
    ];
  },
});
