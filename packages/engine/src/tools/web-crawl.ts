import type { NodeRun } from "../node.ts";
import { requestText } from "./tool-request.ts";
import { readSitemap, readWebPage } from "./web-page.ts";

export interface Limits {
  depth: number;
  pages: number;
  /** For one page. */
  timeoutMs: number;
}

export interface ScrapedPage {
  url: string;
  title: string;
  description: string;
  body_text: string;
  error?: string;
}

const maxPagesAtOnce = 4;
const maxTotalMs = 300_000;

/** Reads a page and, level by level, the pages it links to. */
export async function crawl(
  start: string,
  limits: Limits,
  context: NodeRun,
): Promise<ScrapedPage[]> {
  const pages: ScrapedPage[] = [];
  const seen = new Set([start]);
  const end = performance.now() + maxTotalMs;
  let level = [start];
  for (let depth = 1; depth <= limits.depth && level.length > 0; depth++) {
    const next: string[] = [];
    const todo = level.slice(0, limits.pages - pages.length);
    for (const { page, links } of await scrapeAll(todo, limits, end, context)) {
      pages.push(page);
      for (const link of links) {
        if (seen.size >= 10 * limits.pages) break;
        if (!seen.has(link)) next.push(link);
        seen.add(link);
      }
    }
    level = next;
  }
  return pages;
}

/** Reads the pages of a site's map; empty when it has none. */
export async function scrapeSitemap(
  start: string,
  limits: Limits,
  context: NodeRun,
): Promise<ScrapedPage[]> {
  const map = URL.parse("/sitemap.xml", start);
  if (!map) return [];
  const { timeoutMs } = limits;
  const answer = await requestText(map, { timeoutMs }, context).catch(() => undefined);
  const listed = answer?.isOk ? readSitemap(answer.text, limits.pages) : [];
  const end = performance.now() + maxTotalMs;
  const found = await scrapeAll([...new Set(listed)], limits, end, context);
  return found.map(({ page }) => page);
}

interface Scraped {
  page: ScrapedPage;
  links: string[];
}

async function scrapeAll(
  urls: string[],
  { timeoutMs }: Limits,
  end: number,
  context: NodeRun,
): Promise<Scraped[]> {
  const found: Scraped[] = [];
  for (let at = 0; at < urls.length && performance.now() < end; at += maxPagesAtOnce) {
    const some = urls.slice(at, at + maxPagesAtOnce);
    found.push(...(await Promise.all(some.map((url) => scrape(url, timeoutMs, context)))));
  }
  return found;
}

async function scrape(url: string, timeoutMs: number, context: NodeRun): Promise<Scraped> {
  const failed = (error: string): Scraped => ({
    page: { url, title: "", description: "", body_text: "", error },
    links: [],
  });
  if (!URL.parse(url)?.protocol.startsWith("http")) return failed("Invalid URL format or protocol");
  try {
    const answer = await requestText(url, { timeoutMs }, context);
    if (!answer.isOk) return failed(`HTTP Error: ${answer.status} ${answer.statusText}`);
    const type = answer.headers["content-type"] ?? "";
    if (!/html|xml/.test(type))
      return failed(`Skipped content that is not HTML (Content-Type: ${type || "none"})`);
    const { title, description, paragraphs, links } = readWebPage(answer.text, url);
    return { page: { url, title, description, body_text: paragraphs.join(" ") }, links };
  } catch (error) {
    context.services.signal.throwIfAborted();
    return failed(`Scraping Error: ${error instanceof Error ? error.message : error}`);
  }
}
