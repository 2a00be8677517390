import type { ChatNode } from "../chatflow/chat-node.ts";
import { chatModelNames } from "../models/registry.ts";
import { embeddingsNames } from "../retrieval/embeddings/registry.ts";
import { vectorStoreNames } from "../retrieval/stores/registry.ts";
import { toolNames } from "../tools/registry.ts";

// Each is loaded when a flow first uses it.
const nodes: Record<string, () => Promise<ChatNode>> = {
  advancedStructuredOutputParser: async () =>
    (await import("./chatflow/advanced-structured-output-parser.ts"))
      .advancedStructuredOutputParser,
  bufferMemory: async () => (await import("./chatflow/buffer-memory.ts")).bufferMemory,
  bufferWindowMemory: async () =>
    (await import("./chatflow/buffer-window-memory.ts")).bufferWindowMemory,
  characterTextSplitter: async () =>
    (await import("./chatflow/character-text-splitter.ts")).characterTextSplitter,
  chatPromptTemplate: async () =>
    (await import("./chatflow/chat-prompt-template.ts")).chatPromptTemplate,
  cheerioWebScraper: async () =>
    (await import("./chatflow/cheerio-web-scraper.ts")).cheerioWebScraper,
  codeTextSplitter: async () => (await import("./chatflow/code-text-splitter.ts")).codeTextSplitter,
  cohereRerankRetriever: async () =>
    (await import("./chatflow/rerank-retriever.ts")).cohereRerankRetriever,
  conversationalAgent: async () =>
    (await import("./chatflow/conversational-agent.ts")).conversationalAgent,
  conversationalRetrievalQAChain: async () =>
    (await import("./chatflow/conversational-retrieval-qa-chain.ts"))
      .conversationalRetrievalQAChain,
  conversationChain: async () =>
    (await import("./chatflow/conversation-chain.ts")).conversationChain,
  conversationSummaryBufferMemory: async () =>
    (await import("./chatflow/conversation-summary-buffer-memory.ts"))
      .conversationSummaryBufferMemory,
  conversationSummaryMemory: async () =>
    (await import("./chatflow/conversation-summary-memory.ts")).conversationSummaryMemory,
  csvFile: async () => (await import("./chatflow/csv-file.ts")).csvFile,
  csvOutputParser: async () => (await import("./chatflow/csv-output-parser.ts")).csvOutputParser,
  customFunction: async () => (await import("./chatflow/custom-function.ts")).customFunction,
  customListOutputParser: async () =>
    (await import("./chatflow/custom-list-output-parser.ts")).customListOutputParser,
  customRetriever: async () => (await import("./chatflow/custom-retriever.ts")).customRetriever,
  documentStore: async () => (await import("./chatflow/document-store.ts")).documentStore,
  documentStoreVS: async () => (await import("./chatflow/document-store-vs.ts")).documentStoreVS,
  embeddingsFilterRetriever: async () =>
    (await import("./chatflow/embeddings-filter-retriever.ts")).embeddingsFilterRetriever,
  docxFile: async () => (await import("./chatflow/docx-file.ts")).docxFile,
  fileLoader: async () => (await import("./chatflow/file-loader.ts")).fileLoader,
  fewShotPromptTemplate: async () =>
    (await import("./chatflow/few-shot-prompt-template.ts")).fewShotPromptTemplate,
  getVariable: async () => (await import("./chatflow/get-variable.ts")).getVariable,
  github: async () => (await import("./chatflow/github.ts")).github,
  htmlToMarkdownTextSplitter: async () =>
    (await import("./chatflow/html-to-markdown-text-splitter.ts")).htmlToMarkdownTextSplitter,
  HydeRetriever: async () => (await import("./chatflow/hyde-retriever.ts")).hydeRetriever,
  ifElseFunction: async () => (await import("./chatflow/if-else-function.ts")).ifElseFunction,
  inMemoryCache: async () => (await import("./chatflow/in-memory-cache.ts")).inMemoryCache,
  inMemoryEmbeddingCache: async () =>
    (await import("./chatflow/in-memory-embedding-cache.ts")).inMemoryEmbeddingCache,
  inputModerationOpenAI: async () =>
    (await import("./chatflow/input-moderation-openai.ts")).inputModerationOpenAI,
  inputModerationSimple: async () =>
    (await import("./chatflow/input-moderation-simple.ts")).inputModerationSimple,
  JinaRerankRetriever: async () =>
    (await import("./chatflow/rerank-retriever.ts")).jinaRerankRetriever,
  jsonFile: async () => (await import("./chatflow/json-file.ts")).jsonFile,
  jsonlinesFile: async () => (await import("./chatflow/jsonlines-file.ts")).jsonlinesFile,
  llmChain: async () => (await import("./chatflow/llm-chain.ts")).llmChain,
  llmFilterRetriever: async () =>
    (await import("./chatflow/llm-filter-retriever.ts")).llmFilterRetriever,
  markdownTextSplitter: async () =>
    (await import("./chatflow/markdown-text-splitter.ts")).markdownTextSplitter,
  memoryVectorStore: async () =>
    (await import("./chatflow/memory-vector-store.ts")).memoryVectorStore,
  multiPromptChain: async () => (await import("./chatflow/multi-prompt-chain.ts")).multiPromptChain,
  multiQueryRetriever: async () =>
    (await import("./chatflow/multi-query-retriever.ts")).multiQueryRetriever,
  pdfFile: async () => (await import("./chatflow/pdf-file.ts")).pdfFile,
  plainText: async () => (await import("./chatflow/plain-text.ts")).plainText,
  postgresRecordManager: async () =>
    (await import("./chatflow/postgres-record-manager.ts")).postgresRecordManager,
  promptRetriever: async () => (await import("./chatflow/prompt-retriever.ts")).promptRetriever,
  promptTemplate: async () => (await import("./chatflow/prompt-template.ts")).promptTemplate,
  reactAgentChat: async () => (await import("./chatflow/react-agent-chat.ts")).reactAgentChat,
  recursiveCharacterTextSplitter: async () =>
    (await import("./chatflow/recursive-character-text-splitter.ts"))
      .recursiveCharacterTextSplitter,
  RedisBackedChatMemory: async () =>
    (await import("./chatflow/redis-backed-chat-memory.ts")).redisBackedChatMemory,
  redisCache: async () => (await import("./chatflow/redis-cache.ts")).redisCache,
  redisEmbeddingsCache: async () =>
    (await import("./chatflow/redis-embeddings-cache.ts")).redisEmbeddingsCache,
  retrievalQAChain: async () => (await import("./chatflow/retrieval-qa-chain.ts")).retrievalQAChain,
  retrieverTool: async () => (await import("./chatflow/retriever-tool.ts")).retrieverTool,
  RRFRetriever: async () => (await import("./chatflow/rrf-retriever.ts")).rrfRetriever,
  setVariable: async () => (await import("./chatflow/set-variable.ts")).setVariable,
  similarityThresholdRetriever: async () =>
    (await import("./chatflow/similarity-threshold-retriever.ts")).similarityThresholdRetriever,
  structuredOutputParser: async () =>
    (await import("./chatflow/structured-output-parser.ts")).structuredOutputParser,
  textFile: async () => (await import("./chatflow/text-file.ts")).textFile,
  tokenTextSplitter: async () =>
    (await import("./chatflow/token-text-splitter.ts")).tokenTextSplitter,
  toolAgent: async () => (await import("./chatflow/tool-agent.ts")).toolAgent,
  voyageAIRerankRetriever: async () =>
    (await import("./chatflow/rerank-retriever.ts")).voyageAIRerankRetriever,
};

/** The nodes of chatflows we support, by Flowise's name; models, tools, embeddings and stores are nodes like any other. */
export const chatNodeNames: readonly string[] = [
  ...Object.keys(nodes),
  ...chatModelNames,
  ...toolNames,
  ...embeddingsNames,
  ...vectorStoreNames,
];

export const isSupportedChatNode = (name: string): boolean => chatNodeNames.includes(name);

/** Loads a node of a chatflow; only flows that use it pay for it. Rejects for a name we do not have. */
export async function loadChatNode(name: string): Promise<ChatNode> {
  const load = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
  if (load) return load();
  if (chatModelNames.includes(name)) return (await import("./chatflow/chat-model.ts")).chatModel;
  if (toolNames.includes(name)) return (await import("./chatflow/tool.ts")).tool;
  if (embeddingsNames.includes(name)) return (await import("./chatflow/embeddings.ts")).embeddings;
  if (vectorStoreNames.includes(name))
    return (await import("./chatflow/vector-store.ts")).vectorStore;
  throw new Error(`The node ${name} is not supported`);
}
