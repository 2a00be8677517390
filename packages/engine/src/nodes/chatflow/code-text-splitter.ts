import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { number, text } from "../../input.ts";
import { languageSeparators } from "../../retrieval/separators.ts";
import { splitOptions, splitRecursively } from "../../retrieval/split-text.ts";
import { textSplitter } from "../../retrieval/splitter.ts";

/** Cuts code, at the beginning of classes and functions first. */
export const codeTextSplitter = defineChatNode({
  name: "codeTextSplitter",
  inputs: z.object({ language: text, chunkSize: number, chunkOverlap: number }),
  init({ language, ...sizes }) {
    const separators = Object.hasOwn(languageSeparators, language)
      ? languageSeparators[language]!
      : undefined;
    if (!separators) throw new Error(`Code Text Splitter: ${language} is not a known language`);
    const options = splitOptions(sizes);
    return textSplitter((whole) => splitRecursively(whole, separators, options));
  },
});
