import { z } from "zod";
import { cachedModel } from "../../chatflow/answer-cache.ts";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { cache, optional } from "../../chatflow/chat-parts.ts";
import { loadChatModel } from "../../models/registry.ts";
import { tracedModel } from "../../run-trace.ts";

/** Every chat model, by the name of its node. */
export const chatModel = defineChatNode({
  name: "chatModel",
  inputs: z.looseObject({ credentialId: z.string().optional(), cache: optional(cache) }),
  async init(inputs, { name, credentialId, services }) {
    const id = inputs.credentialId || credentialId;
    const [component, credential] = await Promise.all([
      loadChatModel(name),
      id ? services.credential(id) : {},
    ]);
    const setting = { inputs, credential, fetch: services.fetch, baseUrls: services.modelBaseUrls };
    const model = tracedModel(component.create(setting), services);
    return inputs.cache ? cachedModel(model, inputs.cache, inputs) : model;
  },
});
