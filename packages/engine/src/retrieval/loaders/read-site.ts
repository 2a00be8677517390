import type { Services } from "../../services.ts";
import type { Document } from "../document.ts";

export interface SiteOptions {
  start: string;
  follow: "webCrawl" | "scrapeXMLSitemap" | undefined;
  /** Pages to read in place of those that would be found. */
  chosen: string[];
  maxPages: number;
  selector: string;
}

type SiteServices = Pick<Services, "fetch" | "parser" | "signal">;

const maxPageBytes = 10_000_000;
const pageTimeoutMs = 30_000;
const maxTotalMs = 300_000;
const pagesAtOnce = 2;
const maxCharacters = 20_000_000;

interface Page {
  documents: Document[];
  links: string[];
}

/**
 * Reads pages of a site. That the first cannot be read is an error; links that lead nowhere are left out, as every
 * site has some.
 */
export async function readSite(services: SiteServices, options: SiteOptions): Promise<Document[]> {
  const { start, follow, chosen, maxPages, selector } = options;
  const signal = AbortSignal.any([services.signal, AbortSignal.timeout(maxTotalMs)]);
  const within = { ...services, signal };
  const read = (url: string) => readPage(within, url, selector);
  const maybe = (url: string) => read(url).catch(() => signal.throwIfAborted());
  const documents: Document[] = [];
  let characters = 0;
  const keep = (page: Page | undefined) => {
    for (const document of page?.documents ?? []) {
      characters += document.pageContent.length;
      if (characters > maxCharacters)
        throw new Error(`${start}: the pages hold more than ${maxCharacters} characters of text`);
      documents.push(document);
    }
  };
  const all = async (urls: string[]) => {
    const links: string[] = [];
    for (let at = 0; at < urls.length; at += pagesAtOnce)
      for (const page of await Promise.all(urls.slice(at, at + pagesAtOnce).map(maybe))) {
        keep(page ?? undefined);
        links.push(...(page?.links ?? []));
      }
    return links;
  };

  if (chosen.length > 0) await all(chosen.slice(0, maxPages));
  else if (follow === "scrapeXMLSitemap") await all(await readMap(within, start, maxPages));
  else {
    const first = await read(start);
    keep(first);
    if (!follow) return documents;
    const { host } = new URL(start);
    const seen = new Set([start]);
    let level = first.links;
    while (level.length > 0 && seen.size < maxPages) {
      const next = new Set(level.filter((link) => new URL(link).host === host && !seen.has(link)));
      const todo = [...next].slice(0, maxPages - seen.size);
      for (const link of todo) seen.add(link);
      level = await all(todo);
    }
  }
  return documents;
}

async function readPage(services: SiteServices, url: string, selector: string): Promise<Page> {
  const { bytes, type } = await get(services, url);
  if (!/html|xml|text\/plain/.test(type))
    throw new Error(`${url}: is ${type || "no text"}, not a page`);
  return parserOf(services).parse(
    { name: url, bytes, how: { format: "html", url, selector } },
    services.signal,
  );
}

async function readMap(services: SiteServices, start: string, max: number): Promise<string[]> {
  const url = start.endsWith(".xml") ? start : new URL("/sitemap.xml", start).href;
  const { bytes } = await get(services, url);
  const request = { name: url, bytes, how: { format: "sitemap", max } } as const;
  const { links } = await parserOf(services).parse(request, services.signal);
  if (links.length === 0) throw new Error(`${url}: lists no pages`);
  return links;
}

async function get(
  { fetch, signal }: SiteServices,
  url: string,
): Promise<{ bytes: Buffer; type: string }> {
  const whole = AbortSignal.any([signal, AbortSignal.timeout(pageTimeoutMs)]);
  const options = { signal: whole, timeoutMs: pageTimeoutMs, maxBytes: maxPageBytes };
  const response = await fetch(url, options).catch((cause: Error) => {
    throw new Error(`${url}: ${cause.message}`, { cause });
  });
  if (response.status >= 300) {
    response.body.destroy();
    throw new Error(`${url}: answered ${response.status} ${response.statusText}`.trim());
  }
  const type = response.headers["content-type"] ?? "";
  const bytes = await response.bytes().catch((cause: Error) => {
    throw new Error(`${url}: ${cause.message}`, { cause });
  });
  return { bytes, type };
}

function parserOf({ parser }: SiteServices) {
  if (!parser) throw new Error("Web pages cannot be read here");
  return parser;
}
