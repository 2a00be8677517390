import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { embeddings } from "../../chatflow/chat-parts.ts";
import { loadVectorStore } from "../../retrieval/stores/registry.ts";

/** Every vector store that lasts, by the name of its node; its documents were indexed before. */
export const vectorStore = defineChatNode({
  name: "vectorStore",
  inputs: z.looseObject({ embeddings }),
  async init(inputs, { name, credentialId, services }) {
    const [component, credential] = await Promise.all([
      loadVectorStore(name),
      credentialId ? services.credential(credentialId) : {},
    ]);
    return component.open({
      inputs,
      credential,
      embeddings: inputs.embeddings,
      fetch: services.fetch,
      baseUrls: services.modelBaseUrls,
      postgres: services.postgres,
    });
  },
});
