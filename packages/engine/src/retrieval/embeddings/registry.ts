import type { EmbeddingsComponent } from "../embeddings.ts";

// Each is loaded when a flow first uses it.
const loaders: Record<string, () => Promise<EmbeddingsComponent>> = {
  azureOpenAIEmbeddings: async () =>
    (await import("./azure-openai-embeddings.ts")).azureOpenAIEmbeddings,
  googleGenerativeAiEmbeddings: async () =>
    (await import("./google-generative-ai-embeddings.ts")).googleGenerativeAiEmbeddings,
  localAIEmbeddings: async () => (await import("./local-ai-embeddings.ts")).localAIEmbeddings,
  mistralAIEmbeddings: async () => (await import("./mistral-ai-embeddings.ts")).mistralAIEmbeddings,
  ollamaEmbedding: async () => (await import("./ollama-embedding.ts")).ollamaEmbedding,
  openAIEmbeddings: async () => (await import("./openai-embeddings.ts")).openAIEmbeddings,
};

/** Flowise's names of the embeddings we support. */
export const embeddingsNames: readonly string[] = Object.keys(loaders);

export function loadEmbeddings(name: string): Promise<EmbeddingsComponent> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (load) return load();
  return Promise.reject(
    new Error(`The embedding ${name} is not supported; these are: ${embeddingsNames.join(", ")}`),
  );
}
