import { z } from "zod";
import { flag, number, text } from "../input.ts";
import type { NodeRun } from "../node.ts";
import { defineTool } from "../tool.ts";
import { type ArxivPaper, readAtom } from "./arxiv-atom.ts";
import { requestText } from "./tool-request.ts";

const baseUrl = "https://export.arxiv.org";
const Inputs = z.object({
  arxivName: text,
  arxivDescription: text,
  topKResults: number,
  maxQueryLength: number,
  docContentCharsMax: number,
  loadFullContent: flag,
});
const isIdentifier = (word: string) => /^(\d{2}(0[1-9]|1[0-2])\.\d{4,5}(v\d+)?|\d{7})$/.test(word);

/** Finds scientific papers and returns their summaries. */
export const arxiv = defineTool({
  name: "arxiv",
  create(given) {
    const inputs = Inputs.parse(given);
    const count = inputs.topKResults || 3;
    const maxQueryLength = inputs.maxQueryLength || 300;
    const maxLength = inputs.docContentCharsMax ?? 4000;
    return [
      {
        name: toolName(inputs.arxivName) || "arxiv_search",
        description:
          inputs.arxivDescription ||
          "Searches scientific papers on arXiv by keywords, topic, author or identifier.",
        schema: {
          type: "object",
          properties: {
            query: {
              type: "string",
              description:
                "Search query for Arxiv papers. Can be keywords, topics, authors, or specific Arxiv IDs (e.g., 2301.12345)",
            },
          },
          required: ["query"],
          additionalProperties: false,
        },
        component: { label: "Arxiv", name: "arxiv" },
        async call({ query }, context) {
          const asked = String(query ?? "").slice(0, maxQueryLength);
          const papers = await search(asked, count, context);
          if (papers.length === 0) return { text: "No good Arxiv Result was found" };
          const found = papers.map(describe).join("\n\n");
          return { text: maxLength > 0 ? found.slice(0, maxLength) : found };
        },
      },
    ];
  },
});

const toolName = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(" ", "_")
    .replaceAll(/[^a-z0-9_-]/g, "");

async function search(asked: string, count: number, context: NodeRun): Promise<ArxivPaper[]> {
  const words = asked.split(/\s+/).filter(Boolean);
  if (words.length === 0) throw new Error("Query is required for Arxiv search");
  const query = new URLSearchParams({
    ...(words.every(isIdentifier)
      ? { id_list: words.join(",") }
      : // A colon or dash would be taken for search syntax.
        {
          search_query: `all:${asked.replaceAll(/[:-]/g, "")}`,
          sortBy: "relevance",
          sortOrder: "descending",
        }),
    max_results: String(count),
  });
  const base = context.services.modelBaseUrls.arxiv ?? baseUrl;
  const answer = await requestText(`${base}/api/query?${query}`, {}, context);
  if (!answer.isOk)
    throw new Error(`Failed to search Arxiv: ${answer.status} ${answer.statusText}`);
  return readAtom(answer.text);
}

const describe = ({ published, title, authors, summary }: ArxivPaper) =>
  [
    `Published: ${published.slice(0, 10) || "Unknown"}`,
    `Title: ${title}`,
    `Authors: ${authors.join(", ")}`,
    `Summary: ${summary}`,
  ].join("\n");
