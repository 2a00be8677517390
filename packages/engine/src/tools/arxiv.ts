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

/** Finds scientific papers and returns their summaries, or the papers themselves. */
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
          const described = inputs.loadFullContent
            ? await Promise.all(papers.map((paper) => describeWhole(paper, context)))
            : papers.map(describe);
          const found = described.join("\n\n");
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

/** With the text of the paper, or why there is none: an abstract is better than nothing. */
async function describeWhole(paper: ArxivPaper, context: NodeRun): Promise<string> {
  const content = await paperText(paper, context).catch((error: Error) => {
    context.services.signal.throwIfAborted();
    return `(not available: ${error.message})`;
  });
  return `${describe(paper)}\nContent: ${content}`;
}

async function paperText({ pdf, title }: ArxivPaper, { services }: NodeRun): Promise<string> {
  const { parser, fetch, signal } = services;
  if (!parser) throw new Error("papers cannot be read here");
  if (!pdf) throw new Error("arXiv names no PDF");
  const url = pdf.replace(/^http:\/\/(?=arxiv\.org\/)/, "https://");
  const response = await fetch(url, { signal, timeoutMs: 30_000, maxBytes: 30_000_000 });
  const bytes = await response.bytes();
  if (response.status !== 200) throw new Error(`${new URL(url).host} answered ${response.status}`);
  const how = { format: "pdf", perFile: true } as const;
  const { documents } = await parser.parse({ name: title, bytes, how }, signal);
  return documents.map(({ pageContent }) => pageContent).join("\n");
}

const describe = ({ published, title, authors, summary }: ArxivPaper) =>
  [
    `Published: ${published.slice(0, 10) || "Unknown"}`,
    `Title: ${title}`,
    `Authors: ${authors.join(", ")}`,
    `Summary: ${summary}`,
  ].join("\n");
