import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { loaded, loaderInputs } from "../../chatflow/loader-inputs.ts";
import { number, text } from "../../input.ts";
import { readSite } from "../../retrieval/loaders/read-site.ts";

const maxPages = 1_000;

const Links = z.preprocess((value) => (Array.isArray(value) ? value : []), z.array(z.string()));

/** The text of a web page, and of those it links to or its site's map lists. */
export const cheerioWebScraper = defineChatNode({
  name: "cheerioWebScraper",
  inputs: z.object({
    url: text,
    relativeLinksMethod: text,
    selectedLinks: Links,
    limit: number,
    selector: text,
    ...loaderInputs,
  }),
  async init(inputs, context) {
    const { url, relativeLinksMethod: follow, selectedLinks, limit = 10, selector } = inputs;
    const start = URL.parse(url.trim());
    if (!start?.protocol.startsWith("http"))
      throw new Error(`${context.label}: ${url || "an empty text"} is no address of a web page`);
    if (limit < 0) throw new Error(`${context.label}: the limit cannot be less than 0`);
    const documents = await readSite(context.services, {
      start: start.href,
      follow: follow === "webCrawl" || follow === "scrapeXMLSitemap" ? follow : undefined,
      chosen: selectedLinks,
      // 0 asks for all; there is an end to that.
      maxPages: Math.min(limit || maxPages, maxPages),
      selector: selector.trim(),
    });
    return loaded(documents, inputs, context);
  },
});
