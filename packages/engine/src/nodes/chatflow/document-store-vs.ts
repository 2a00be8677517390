import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { text } from "../../input.ts";
import { openDocumentStore } from "../../knowledge.ts";

/** The documents of a document store, as a retriever or vector store. */
export const documentStoreVS = defineChatNode({
  name: "documentStoreVS",
  inputs: z.object({ selectedStore: text }),
  init({ selectedStore }, { services, label, fixes }) {
    if (!selectedStore) throw new Error(`${label}: please select a document store`);
    return openDocumentStore(selectedStore, services, fixes);
  },
});
