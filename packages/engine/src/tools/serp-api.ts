import { z } from "zod";
import { defineTool } from "../tool.ts";
import { bestText } from "./search-answer.ts";
import { requestJson } from "./tool-request.ts";
import { requireSecrets } from "./tool-secret.ts";

const baseUrl = "https://serpapi.com";
const Box = z.record(z.string(), z.unknown()).optional().catch(undefined);
const Answer = z.object({
  error: z.string().optional(),
  answer_box: z.preprocess((box) => (Array.isArray(box) ? box[0] : box), Box),
  knowledge_graph: Box,
  organic_results: z.array(z.record(z.string(), z.unknown())).optional().catch(undefined),
});

/** Searches Google through SerpApi. */
export const serpAPI = defineTool({
  name: "serpAPI",
  async create(inputs, context) {
    const { serpApiKey } = await requireSecrets(inputs, ["serpApiKey"], "Serp API", context);
    return [
      {
        name: "search",
        description:
          "Searches the web. Use it for questions about current events. The input is a search query.",
        schema: { type: "object", properties: { input: { type: "string" } } },
        component: { label: "Serp API", name: "serpAPI" },
        async call({ input }, run) {
          const base = run.services.modelBaseUrls.serpApi ?? baseUrl;
          const query = new URLSearchParams({ q: String(input ?? ""), api_key: serpApiKey });
          const json = await requestJson("SerpApi", `${base}/search?${query}`, {}, run);
          const answer = Answer.parse(json);
          // SerpApi reports an empty search as an error, too.
          if (answer.error && !/hasn't returned any results/i.test(answer.error))
            throw new Error(`Got error from SerpApi: ${answer.error}`);
          const text = bestText({
            answerBox: answer.answer_box,
            knowledgeGraph: answer.knowledge_graph,
            organic: answer.organic_results,
          });
          return { text };
        },
      },
    ];
  },
});
