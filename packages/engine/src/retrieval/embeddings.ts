/** Turns texts into vectors, in order. */
export interface Embeddings {
  kind: "embeddings";
  embedDocuments(texts: string[], signal: AbortSignal): Promise<number[][]>;
  embedQuery(text: string, signal: AbortSignal): Promise<number[]>;
}
