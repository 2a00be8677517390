import { Parser } from "htmlparser2";

export interface WebPage {
  title: string;
  description: string;
  paragraphs: string[];
  /** Absolute, each once, without those into a page. */
  links: string[];
}

const descriptions = ["description", "og:description", "twitter:description"];
const endsParagraph = new Set(["p", "div", "ul", "ol", "table", "section", "article", "body"]);

/** Reads what a model may want to know of a page. */
export function readWebPage(html: string, url: string): WebPage {
  let title: string | undefined;
  let inTitle = false;
  let paragraph: string | undefined;
  let hidden = 0;
  const described = new Map<string, string>();
  const paragraphs: string[] = [];
  const links = new Set<string>();
  const finish = () => {
    const text = paragraph?.replaceAll(/\s+/g, " ").trim();
    if (text) paragraphs.push(text);
    paragraph = undefined;
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === "script" || name === "style") hidden++;
      else if (name === "title") inTitle = title === undefined;
      else if (name === "meta") {
        const key = attributes.name ?? attributes.property;
        if (key && attributes.content) described.set(key.toLowerCase(), attributes.content);
      } else if (name === "a" && attributes.href) {
        const link = URL.parse(attributes.href, url);
        if (link?.protocol.startsWith("http") && !link.hash) links.add(link.href);
      }
      if (endsParagraph.has(name)) finish();
      if (name === "p") paragraph = "";
    },
    ontext(text) {
      if (hidden > 0) return;
      if (inTitle) title = (title ?? "") + text;
      else if (paragraph !== undefined) paragraph += text;
    },
    onclosetag(name) {
      if (name === "script" || name === "style") hidden--;
      else if (name === "title") inTitle = false;
      else if (endsParagraph.has(name)) finish();
    },
  });
  parser.end(html);
  return {
    title: title?.trim() || "No title found",
    description:
      descriptions.map((name) => described.get(name)?.trim()).find(Boolean) ??
      "No description found",
    paragraphs,
    links: [...links],
  };
}

/** Addresses that a sitemap lists. */
export function readSitemap(xml: string, max: number): string[] {
  const found: string[] = [];
  let text: string | undefined;
  const parser = new Parser(
    {
      onopentagname(name) {
        text = name === "loc" ? "" : undefined;
      },
      ontext(data) {
        if (text !== undefined) text += data;
      },
      onclosetag(name) {
        if (name === "loc" && text?.trim() && found.length < max) found.push(text.trim());
        text = undefined;
      },
    },
    { xmlMode: true },
  );
  parser.end(xml);
  return found;
}
