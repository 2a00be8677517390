import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { number, text } from "../../input.ts";
import { joinPieces, splitOptions } from "../../retrieval/split-text.ts";
import { textSplitter } from "../../retrieval/splitter.ts";

/** Cuts at one separator. */
export const characterTextSplitter = defineChatNode({
  name: "characterTextSplitter",
  inputs: z.object({ chunkSize: number, chunkOverlap: number, separator: text }),
  init({ separator: given, ...sizes }) {
    const separator = given ? given.replaceAll("\\n", "\n") : "\n\n";
    const options = splitOptions(sizes);
    return textSplitter((whole) =>
      joinPieces(whole.split(separator).filter(Boolean), separator, options),
    );
  },
});
