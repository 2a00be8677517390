import type { ChatNode } from "../chatflow/chat-node.ts";
import { chatModelNames } from "../models/registry.ts";
import { toolNames } from "../tools/registry.ts";

// Each is loaded when a flow first uses it.
const nodes: Record<string, () => Promise<ChatNode>> = {
  advancedStructuredOutputParser: async () =>
    (await import("./chatflow/advanced-structured-output-parser.ts"))
      .advancedStructuredOutputParser,
  bufferMemory: async () => (await import("./chatflow/buffer-memory.ts")).bufferMemory,
  bufferWindowMemory: async () =>
    (await import("./chatflow/buffer-window-memory.ts")).bufferWindowMemory,
  chatPromptTemplate: async () =>
    (await import("./chatflow/chat-prompt-template.ts")).chatPromptTemplate,
  conversationalAgent: async () =>
    (await import("./chatflow/conversational-agent.ts")).conversationalAgent,
  conversationChain: async () =>
    (await import("./chatflow/conversation-chain.ts")).conversationChain,
  conversationSummaryBufferMemory: async () =>
    (await import("./chatflow/conversation-summary-buffer-memory.ts"))
      .conversationSummaryBufferMemory,
  conversationSummaryMemory: async () =>
    (await import("./chatflow/conversation-summary-memory.ts")).conversationSummaryMemory,
  csvOutputParser: async () => (await import("./chatflow/csv-output-parser.ts")).csvOutputParser,
  customFunction: async () => (await import("./chatflow/custom-function.ts")).customFunction,
  customListOutputParser: async () =>
    (await import("./chatflow/custom-list-output-parser.ts")).customListOutputParser,
  fewShotPromptTemplate: async () =>
    (await import("./chatflow/few-shot-prompt-template.ts")).fewShotPromptTemplate,
  getVariable: async () => (await import("./chatflow/get-variable.ts")).getVariable,
  ifElseFunction: async () => (await import("./chatflow/if-else-function.ts")).ifElseFunction,
  inputModerationOpenAI: async () =>
    (await import("./chatflow/input-moderation-openai.ts")).inputModerationOpenAI,
  inputModerationSimple: async () =>
    (await import("./chatflow/input-moderation-simple.ts")).inputModerationSimple,
  llmChain: async () => (await import("./chatflow/llm-chain.ts")).llmChain,
  multiPromptChain: async () => (await import("./chatflow/multi-prompt-chain.ts")).multiPromptChain,
  promptRetriever: async () => (await import("./chatflow/prompt-retriever.ts")).promptRetriever,
  promptTemplate: async () => (await import("./chatflow/prompt-template.ts")).promptTemplate,
  reactAgentChat: async () => (await import("./chatflow/react-agent-chat.ts")).reactAgentChat,
  setVariable: async () => (await import("./chatflow/set-variable.ts")).setVariable,
  structuredOutputParser: async () =>
    (await import("./chatflow/structured-output-parser.ts")).structuredOutputParser,
  toolAgent: async () => (await import("./chatflow/tool-agent.ts")).toolAgent,
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
