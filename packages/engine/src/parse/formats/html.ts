import { load } from "cheerio";
import { readSitemap } from "../../tools/web-page.ts";
import type { Budget } from "../budget.ts";
import type { Parsed } from "../file-parser.ts";

const maxLinks = 10_000;

/** The text of a page, or of what a selector chooses in it. */
export function readHtml(
  bytes: Uint8Array,
  { url, selector }: { url: string; selector: string },
  budget: Budget,
): Parsed {
  const page = load(new TextDecoder().decode(bytes));
  const links = new Set<string>();
  for (const { attribs } of page("a[href]").toArray()) {
    const link = URL.parse(attribs.href ?? "", url);
    if (!link?.protocol.startsWith("http") || links.size >= maxLinks) continue;
    link.hash = "";
    links.add(link.href);
  }
  const text = budget.take(chosen(page, selector));
  return { documents: [{ pageContent: text, metadata: { source: url } }], links: [...links] };
}

function chosen(page: ReturnType<typeof load>, selector: string): string {
  try {
    return page(selector || "body").text();
  } catch (cause) {
    throw new Error(`the selector ${selector} is not CSS: ${(cause as Error).message}`, { cause });
  }
}

export const readMap = (bytes: Uint8Array, { max }: { max: number }): Parsed => ({
  documents: [],
  links: [...new Set(readSitemap(new TextDecoder().decode(bytes), max))],
});
