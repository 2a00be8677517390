import { z } from "zod";
import { number, text } from "../input.ts";
import { defineTool } from "../tool.ts";
import { crawl, type Limits, scrapeSitemap } from "./web-crawl.ts";

const Inputs = z.object({
  scrapeMode: text,
  maxDepth: number,
  maxPages: number,
  timeoutS: number,
  description: text,
});
// Authors may leave the number of pages open; a site without end must not be.
const maxPages = 100;

/** Reads web pages: one and those it links to, or those of a site's map. */
export const webScraperTool = defineTool({
  name: "webScraperTool",
  create(given) {
    const inputs = Inputs.parse(given);
    const usesSitemap = inputs.scrapeMode === "sitemap";
    const limits: Limits = {
      depth: Math.max(1, Math.floor(inputs.maxDepth || 1)),
      pages: Math.min(Math.floor(inputs.maxPages || maxPages), maxPages),
      timeoutMs: (inputs.timeoutS || 60) * 1000,
    };
    return [
      {
        name: "web_scraper_tool",
        description: inputs.description || describe(usesSitemap, limits),
        schema: { type: "object", properties: { input: { type: "string" } } },
        component: { label: "Web Scraper Tool", name: "webScraperTool" },
        async call({ input }, context) {
          const start = String(input ?? "").trim();
          if (!start)
            return { text: JSON.stringify({ error: "Input must be a single URL string." }) };
          const listed = usesSitemap ? await scrapeSitemap(start, limits, context) : [];
          if (listed.length > 0) return { text: JSON.stringify(listed) };
          const scrapedData = await crawl(start, limits, context);
          const warning = "Sitemap not found or empty; fell back to recursive scraping.";
          return {
            text: JSON.stringify(usesSitemap ? { warning, scrapedData } : scrapedData),
          };
        },
      },
    ];
  },
});

const describe = (usesSitemap: boolean, { depth, pages, timeoutMs }: Limits) =>
  [
    usesSitemap
      ? `Scrapes URLs listed in the detected default sitemap (/sitemap.xml) up to ${pages} pages, with a ${timeoutMs / 1000}-second timeout per page. Falls back to Recursive Link Following if sitemap is not found or empty.`
      : `Recursively scrapes web pages starting from a given URL up to ${depth} level(s) deep or until ${pages} pages are scraped, with a ${timeoutMs / 1000}-second timeout per page, whichever comes first.`,
    "Extracts title, description, and paragraph text. Input should be a single URL string. Returns a JSON string array of scraped page data.",
  ].join(" ");
