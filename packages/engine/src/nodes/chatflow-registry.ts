import type { ChatNode } from "../chatflow/chat-node.ts";
import { chatModelNames } from "../models/registry.ts";
import { toolNames } from "../tools/registry.ts";

// Each is loaded when a flow first uses it.
const nodes: Record<string, () => Promise<ChatNode>> = {
  bufferMemory: async () => (await import("./chatflow/buffer-memory.ts")).bufferMemory,
  bufferWindowMemory: async () =>
    (await import("./chatflow/buffer-window-memory.ts")).bufferWindowMemory,
  chatPromptTemplate: async () =>
    (await import("./chatflow/chat-prompt-template.ts")).chatPromptTemplate,
  conversationChain: async () =>
    (await import("./chatflow/conversation-chain.ts")).conversationChain,
  llmChain: async () => (await import("./chatflow/llm-chain.ts")).llmChain,
  promptTemplate: async () => (await import("./chatflow/prompt-template.ts")).promptTemplate,
};

/** The nodes of chatflows we support, by Flowise's name; chat models and tools are nodes like any other. */
export const chatNodeNames: readonly string[] = [
  ...Object.keys(nodes),
  ...chatModelNames,
  ...toolNames,
];

export const isSupportedChatNode = (name: string): boolean => chatNodeNames.includes(name);

/** Loads a node of a chatflow; only flows that use it pay for it. Rejects for a name we do not have. */
export async function loadChatNode(name: string): Promise<ChatNode> {
  const load = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
  if (load) return load();
  if (chatModelNames.includes(name)) return (await import("./chatflow/chat-model.ts")).chatModel;
  if (toolNames.includes(name)) return (await import("./chatflow/tool.ts")).tool;
  throw new Error(`The node ${name} is not supported`);
}
