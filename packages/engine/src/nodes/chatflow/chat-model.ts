import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { loadChatModel } from "../../models/registry.ts";

/** Every chat model, by the name of its node. */
export const chatModel = defineChatNode({
  name: "chatModel",
  inputs: z.looseObject({ credentialId: z.string().optional() }),
  async init(inputs, { name, credentialId, services }) {
    const id = inputs.credentialId || credentialId;
    const [component, credential] = await Promise.all([
      loadChatModel(name),
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
