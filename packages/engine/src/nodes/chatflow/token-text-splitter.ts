import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { number, text } from "../../input.ts";
import { splitOptions } from "../../retrieval/split-text.ts";
import { splitTokens } from "../../retrieval/split-tokens.ts";
import { textSplitter } from "../../retrieval/splitter.ts";

/** Cuts after a number of tokens. */
export const tokenTextSplitter = defineChatNode({
  name: "tokenTextSplitter",
  inputs: z.object({ encodingName: text, chunkSize: number, chunkOverlap: number }),
  init({ encodingName, ...sizes }) {
    const options = splitOptions(sizes);
    return textSplitter((whole) => splitTokens(whole, encodingName || "gpt2", options));
  },
});
