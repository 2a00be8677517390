import type { Document } from "./document.ts";

/** Cuts documents into pieces. */
export interface Splitter {
  kind: "splitter";
  split(documents: Document[]): Promise<Document[]>;
}

/** A splitter that tells of each piece in which lines of its document it stands. */
export const textSplitter = (
  splitText: (text: string) => string[] | Promise<string[]>,
): Splitter => ({
  kind: "splitter",
  async split(documents) {
    const pieces: Document[] = [];
    for (const document of documents)
      pieces.push(...located(document, await splitText(document.pageContent)));
    return pieces;
  },
});

function located({ pageContent, metadata }: Document, texts: string[]): Document[] {
  let line = 1;
  let from = -1;
  let counted = 0;
  return texts.map((text) => {
    const found = pageContent.indexOf(text, from + 1);
    // A splitter that rewrites its text leaves pieces that stand nowhere.
    const at = found < 0 ? counted : found;
    line +=
      at >= counted ? newLines(pageContent, counted, at) : -newLines(pageContent, at, counted);
    counted = at;
    from = at;
    const lines = { from: line, to: line + newLines(text, 0, text.length) };
    return {
      pageContent: text,
      metadata: { ...metadata, loc: { ...(metadata.loc as object | undefined), lines } },
    };
  });
}

function newLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1))
    count++;
  return count;
}
