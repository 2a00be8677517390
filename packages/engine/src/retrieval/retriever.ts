import type { Document } from "./document.ts";

export interface RetrieveOptions {
  signal: AbortSignal;
  /** Only documents with these metadata, in the store's own words. */
  filter?: Record<string, unknown> | undefined;
  /** How many a vector store finds at most, in place of its author's number. */
  topK?: number | undefined;
}

/** Finds the documents that fit a question, the best first. */
export interface Retriever {
  kind: "retriever" | "vectorStore";
  retrieve(query: string, options: RetrieveOptions): Promise<Document[]>;
}
