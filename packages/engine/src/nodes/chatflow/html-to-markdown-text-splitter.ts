import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { number } from "../../input.ts";
import { markdownSeparators } from "../../retrieval/separators.ts";
import { splitOptions, splitRecursively } from "../../retrieval/split-text.ts";
import { textSplitter } from "../../retrieval/splitter.ts";
import { loadRichText, toMarkdown } from "../../rich-text.ts";

/** Turns HTML into markdown and cuts that. */
export const htmlToMarkdownTextSplitter = defineChatNode({
  name: "htmlToMarkdownTextSplitter",
  inputs: z.object({ chunkSize: number, chunkOverlap: number }),
  init(sizes) {
    const options = splitOptions(sizes);
    return textSplitter(async (whole) => {
      await loadRichText();
      return splitRecursively(toMarkdown(whole), markdownSeparators, options);
    });
  },
});
