import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { optional, splitter } from "../../chatflow/chat-parts.ts";
import { text } from "../../input.ts";
import { finished, joinedText, Metadata } from "../../retrieval/load-text.ts";

/** A text that stands in the flow itself. */
export const plainText = defineChatNode({
  name: "plainText",
  inputs: z.object({
    text,
    textSplitter: optional(splitter),
    metadata: Metadata,
    omitMetadataKeys: text,
  }),
  async init({ text, textSplitter, metadata, omitMetadataKeys: omit }, { output }) {
    const documents = [{ pageContent: text, metadata: {} }];
    const loaded = await finished(documents, { splitter: textSplitter, metadata, omit });
    return output === "text" ? joinedText(loaded) : loaded;
  },
});
