import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { optional, splitter } from "../../chatflow/chat-parts.ts";
import { text } from "../../input.ts";
import { finished, joinedText, Metadata } from "../../retrieval/load-text.ts";
import { uploadedFiles } from "../../retrieval/uploaded-file.ts";

/** Uploaded text files. */
export const textFile = defineChatNode({
  name: "textFile",
  inputs: z.object({
    txtFile: z.unknown(),
    textSplitter: optional(splitter),
    metadata: Metadata,
    omitMetadataKeys: text,
  }),
  async init({ txtFile, textSplitter, metadata, omitMetadataKeys: omit }, { output }) {
    const documents = uploadedFiles(txtFile).map(({ bytes }) => ({
      pageContent: bytes.toString("utf8"),
      metadata: { source: "blob", blobType: "" },
    }));
    const loaded = await finished(documents, { splitter: textSplitter, metadata, omit });
    return output === "text" ? joinedText(loaded) : loaded;
  },
});
