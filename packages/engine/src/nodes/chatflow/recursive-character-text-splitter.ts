import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { number } from "../../input.ts";
import { textSeparators } from "../../retrieval/separators.ts";
import { splitOptions, splitRecursively } from "../../retrieval/split-text.ts";
import { textSplitter } from "../../retrieval/splitter.ts";

const Separators = z.preprocess((value, context) => {
  if (value === "" || value === null || value === undefined) return textSeparators;
  try {
    return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
  } catch {
    context.addIssue({ code: "custom", message: "is not a JSON list of texts" });
    return z.NEVER;
  }
}, z.array(z.string()));

/** Cuts at paragraphs, else at lines, words, letters. */
export const recursiveCharacterTextSplitter = defineChatNode({
  name: "recursiveCharacterTextSplitter",
  inputs: z.object({ chunkSize: number, chunkOverlap: number, separators: Separators }),
  init({ separators, ...sizes }) {
    const options = splitOptions(sizes);
    return textSplitter((text) => splitRecursively(text, separators, options));
  },
});
