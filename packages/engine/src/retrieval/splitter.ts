import type { Document } from "./document.ts";
import { takeTurns } from "./take-turns.ts";

/** A piece that is not there is looked for to the end of the text. */
const maxMissed = 50;

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
      await locate(document, await splitText(document.pageContent), pieces);
    return pieces;
  },
});

async function locate(
  { pageContent, metadata }: Document,
  texts: string[],
  pieces: Document[],
): Promise<void> {
  const turn = takeTurns();
  const lineAt = linesOf(pageContent);
  let from = -1;
  let last = 0;
  let missed = 0;
  for (const text of texts) {
    const others = turn();
    if (others) await others;
    const found = missed < maxMissed ? pageContent.indexOf(text, from + 1) : -1;
    if (found < 0) missed++;
    // A splitter that rewrites its text leaves pieces that stand nowhere.
    const at = found < 0 ? last : found;
    last = at;
    from = at;
    const line = lineAt(at);
    const lines = { from: line, to: line + text.split("\n").length - 1 };
    pieces.push({
      pageContent: text,
      metadata: { ...metadata, loc: { ...(metadata.loc as object | undefined), lines } },
    });
  }
}

/** The line of a place; places are asked for more or less in order. */
function linesOf(text: string): (at: number) => number {
  const ends: number[] = [];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) ends.push(at);
  let before = 0;
  return (at) => {
    while (before < ends.length && ends[before]! < at) before++;
    while (before > 0 && ends[before - 1]! >= at) before--;
    return before + 1;
  };
}
