import type { ModelSetting } from "../model.ts";
import type { Document } from "./document.ts";
import type { Embeddings } from "./embeddings.ts";
import type { PostgresClients } from "./postgres-clients.ts";
import type { RetrieveOptions, Retriever } from "./retriever.ts";

/** Keeps documents by their vectors. As a retriever it finds as many as its author chose. */
export interface VectorStore extends Retriever {
  kind: "vectorStore";
  /** Keeps documents under ids, new ones where none are given. Embeds all before it writes any. */
  add(documents: Document[], signal: AbortSignal, ids?: string[]): Promise<string[]>;
  delete(ids: string[], signal: AbortSignal): Promise<void>;
  /** Retrieves with how alike each is, 1 at most; absent where the store does not tell. */
  rate?(query: string, options: RetrieveOptions): Promise<{ document: Document; score: number }[]>;
}

export interface VectorStoreComponent {
  /** Flowise's component name. */
  name: string;
  open(setting: VectorStoreSetting): VectorStore | Promise<VectorStore>;
}

export interface VectorStoreSetting extends ModelSetting {
  embeddings: Embeddings;
  /** Absent where stores in PostgreSQL cannot be used. */
  postgres?: PostgresClients | undefined;
}

export const defineVectorStore = (component: VectorStoreComponent): VectorStoreComponent =>
  component;
