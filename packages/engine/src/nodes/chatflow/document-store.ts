import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { loaded } from "../../chatflow/loader-inputs.ts";
import { text } from "../../input.ts";
import { storeIdOf } from "../../knowledge.ts";

/** All documents of a document store. */
export const documentStore = defineChatNode({
  name: "documentStore",
  inputs: z.object({ selectedStore: text }),
  async init({ selectedStore }, context) {
    const { services, label } = context;
    if (!selectedStore) throw new Error(`${label}: please select a document store`);
    if (!services.storedDocuments) throw new Error(`${label}: document stores cannot be read here`);
    const documents = await services.storedDocuments(storeIdOf(selectedStore));
    return loaded(documents, { metadata: {}, omitMetadataKeys: "" }, context);
  },
});
