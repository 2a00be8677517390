import type { VectorStoreComponent } from "../vector-store.ts";

// Each is loaded when a flow first uses it.
const loaders: Record<string, () => Promise<VectorStoreComponent>> = {
  chroma: async () => (await import("./chroma.ts")).chroma,
  pinecone: async () => (await import("./pinecone.ts")).pinecone,
  postgres: async () => (await import("./postgres.ts")).postgres,
  qdrant: async () => (await import("./qdrant.ts")).qdrant,
};

/** Flowise's names of the vector stores that last. */
export const vectorStoreNames: readonly string[] = Object.keys(loaders);

export function loadVectorStore(name: string): Promise<VectorStoreComponent> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (load) return load();
  return Promise.reject(
    new Error(
      `The vector store ${name} is not supported; these are: ${vectorStoreNames.join(", ")}`,
    ),
  );
}
