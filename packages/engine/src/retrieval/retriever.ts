import type { Document } from "./document.ts";

/** Finds the documents that fit a question, the best first. */
export interface Retriever {
  kind: "retriever" | "vectorStore";
  retrieve(query: string, signal: AbortSignal): Promise<Document[]>;
}
