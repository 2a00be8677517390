import { z } from "zod";
import { defineTool } from "../tool.ts";
import { bestText } from "./search-answer.ts";
import { requestJson } from "./tool-request.ts";
import { requireSecrets } from "./tool-secret.ts";

const baseUrl = "https://google.serper.dev";
const Box = z.record(z.string(), z.unknown()).optional().catch(undefined);
const Answer = z.object({
  answerBox: Box,
  knowledgeGraph: Box,
  organic: z.array(z.record(z.string(), z.unknown())).optional().catch(undefined),
});

/** Searches Google through Serper. */
export const serper = defineTool({
  name: "serper",
  async create(inputs, context) {
    const { serperApiKey } = await requireSecrets(inputs, ["serperApiKey"], "Serper", context);
    return [
      {
        name: "search",
        description:
          "Searches the web. Use it for questions about current events. The input is a search query.",
        schema: { type: "object", properties: { input: { type: "string" } } },
        component: { label: "Serper", name: "serper" },
        async call({ input }, run) {
          const base = run.services.modelBaseUrls.serper ?? baseUrl;
          const answer = await requestJson(
            "Serper",
            `${base}/search`,
            {
              method: "POST",
              headers: { "x-api-key": serperApiKey, "content-type": "application/json" },
              body: JSON.stringify({ q: String(input ?? "") }),
            },
            run,
          );
          const { answerBox, knowledgeGraph, organic } = Answer.parse(answer);
          return { text: bestText({ answerBox, knowledgeGraph, organic }) };
        },
      },
    ];
  },
});
