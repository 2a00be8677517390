import { Parser } from "htmlparser2";

export interface ArxivPaper {
  title: string;
  summary: string;
  published: string;
  authors: string[];
}

/** Reads the entries of arXiv's Atom feed. */
export function readAtom(xml: string): ArxivPaper[] {
  const papers: ArxivPaper[] = [];
  let paper: ArxivPaper | undefined;
  let text = "";
  const parser = new Parser(
    {
      onopentagname(name) {
        text = "";
        if (name === "entry") paper = { title: "", summary: "", published: "", authors: [] };
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
