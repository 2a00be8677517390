import type { Document } from "./document.ts";
import type { Retriever } from "./retriever.ts";

/** Keeps documents by their vectors. */
export interface VectorStore extends Retriever {
  kind: "vectorStore";
  /** All or nothing where the store can; returns the documents' ids. */
  add(documents: Document[], signal: AbortSignal): Promise<string[]>;
  search(query: string, topK: number, signal: AbortSignal): Promise<Document[]>;
}
