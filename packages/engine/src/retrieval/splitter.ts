import type { Document } from "./document.ts";

/** Cuts documents into pieces. */
export interface Splitter {
  kind: "splitter";
  split(documents: Document[]): Promise<Document[]>;
}
