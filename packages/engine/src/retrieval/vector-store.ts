import type { ModelSetting } from "../model.ts";
import type { Document } from "./document.ts";
import type { Embeddings } from "./embeddings.ts";
import type { PostgresClients } from "./postgres-clients.ts";
import type { RetrieveOptions, Retriever } from "./retriever.ts";

/** Keeps documents by their vectors. As a retriever it finds as many as its author chose. */
export interface VectorStore extends Retriever {
  kind: "vectorStore";
  /** What its documents are kept under: a table, an index, a namespace, a collection. */
  place: string;
  /** Keeps documents under ids, new ones where none are given. Embeds all before it writes any. */
  add(documents: Document[], signal: AbortSignal, ids?: string[]): Promise<string[]>;
  delete(ids: string[], signal: AbortSignal): Promise<void>;
  /** Retrieves with how alike each is, 1 at most; absent where the store does not tell. */
  rate?(query: string, options: RetrieveOptions): Promise<{ document: Document; score: number }[]>;
}

/** Documents that a user uploaded in one conversation carry its id under this name. */
export const chatIdName = "flowise_chatId";

export interface VectorStoreComponent {
  /** Flowise's component name. */
  name: string;
  open(setting: VectorStoreSetting): VectorStore | Promise<VectorStore>;
}

export interface VectorStoreSetting extends ModelSetting {
  embeddings: Embeddings;
  /** Absent where stores in PostgreSQL cannot be used. */
  postgres?: PostgresClients | undefined;
  /** Where users may upload documents: the conversation whose uploads are found, beside those of nobody. */
  chatId?: string | undefined;
}

export const defineVectorStore = (component: VectorStoreComponent): VectorStoreComponent =>
  component;
