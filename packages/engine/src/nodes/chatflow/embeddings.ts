import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { loadEmbeddings } from "../../retrieval/embeddings/registry.ts";

/** Every embedding, by the name of its node. */
export const embeddings = defineChatNode({
  name: "embeddings",
  inputs: z.looseObject({ credentialId: z.string().optional() }),
  async init(inputs, { name, credentialId, services }) {
    const id = inputs.credentialId || credentialId;
    const [component, credential] = await Promise.all([
      loadEmbeddings(name),
      id ? services.credential(id) : {},
    ]);
    return component.create({
      inputs,
      credential,
      fetch: services.fetch,
      baseUrls: services.modelBaseUrls,
    });
  },
});
