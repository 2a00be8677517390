import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { number, text } from "../../input.ts";
import { markdownSeparators } from "../../retrieval/separators.ts";
import { splitOptions, splitRecursively } from "../../retrieval/split-text.ts";
import { textSplitter } from "../../retrieval/splitter.ts";

/** Cuts markdown, at headings first. */
export const markdownTextSplitter = defineChatNode({
  name: "markdownTextSplitter",
  inputs: z.object({ chunkSize: number, chunkOverlap: number, splitByHeaders: text }),
  init({ splitByHeaders, ...sizes }) {
    const options = splitOptions(sizes);
    const level = /^h([1-6])$/i.exec(splitByHeaders)?.[1];
    return textSplitter(async (whole) => {
      const pieces: string[][] = [];
      for (const section of sectionsOf(whole, level ? Number(level) : 0))
        pieces.push(await splitRecursively(section, markdownSeparators, options));
      return pieces.flat();
    });
  },
});

/** The parts that begin with a heading of a level, or one above. */
function sectionsOf(text: string, level: number): string[] {
  if (level === 0) return [text];
  const heading = new RegExp(`(?=^#{1,${level}}\\s)`, "m");
  return text.split(heading).filter((section) => section.trim() !== "");
}
