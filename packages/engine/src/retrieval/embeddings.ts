import type { ModelSetting } from "../model.ts";

/** Turns texts into vectors, in order. */
export interface Embeddings {
  kind: "embeddings";
  embedDocuments(texts: string[], signal: AbortSignal): Promise<number[][]>;
  embedQuery(text: string, signal: AbortSignal): Promise<number[]>;
}

export interface EmbeddingsComponent {
  /** Flowise's component name. */
  name: string;
  create(setting: ModelSetting): Embeddings;
}

export const defineEmbeddings = (component: EmbeddingsComponent): EmbeddingsComponent => component;
