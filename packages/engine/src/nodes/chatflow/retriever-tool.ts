import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { retriever } from "../../chatflow/chat-parts.ts";
import { flag, text } from "../../input.ts";
import { Metadata } from "../../retrieval/load-text.ts";
import { retrieverTool as toolOf } from "../../retrieval/retriever-tool.ts";

/** Lets a model search what a retriever finds. */
export const retrieverTool = defineChatNode({
  name: "retrieverTool",
  inputs: z.object({
    name: text,
    description: text,
    retriever,
    returnSourceDocuments: flag,
    retrieverToolMetadataFilter: Metadata,
  }),
  init: ({ retrieverToolMetadataFilter: filter, ...given }) => [toolOf({ ...given, filter })],
});
