import { Parser } from "htmlparser2";

export interface ArxivPaper {
  title: string;
  summary: string;
  published: string;
  authors: string[];
  /** Where the paper itself is; empty where the feed names none. */
  pdf: string;
}

/** Reads the entries of arXiv's Atom feed. */
export function readAtom(xml: string): ArxivPaper[] {
  const papers: ArxivPaper[] = [];
  let paper: ArxivPaper | undefined;
  let text = "";
  const parser = new Parser(
    {
      onopentag(name, { title, href }) {
        text = "";
        if (name === "entry")
          paper = { title: "", summary: "", published: "", authors: [], pdf: "" };
        else if (paper && name === "link" && title === "pdf") paper.pdf = href ?? "";
      },
      ontext(data) {
        text += data;
      },
      onclosetag(name) {
        const value = text.replaceAll(/\s+/g, " ").trim();
        if (!paper) return;
        if (name === "title" || name === "summary" || name === "published") paper[name] = value;
        else if (name === "name") paper.authors.push(value);
        else if (name === "entry") {
          if (paper.title && paper.summary) papers.push(paper);
          paper = undefined;
        }
        text = "";
      },
    },
    { xmlMode: true },
  );
  parser.end(xml);
  return papers;
}
