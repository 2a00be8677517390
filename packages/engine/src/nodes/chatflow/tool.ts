import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { buildTools } from "../../tools/build-tools.ts";

/** Every tool, by the name of its node; makes a list, as toolkits do. */
export const tool = defineChatNode({
  name: "tool",
  inputs: z.looseObject({}),
  async init(inputs, context) {
    const { credentialId, name } = context;
    const config = { ...inputs, ...(credentialId && { FLOWISE_CREDENTIAL_ID: credentialId }) };
    return (await buildTools(name, config, context.asNodeRun())).tools;
  },
});
