import { type Component, openVectorStore } from "@sluice/engine/knowledge";
import type { VectorStore } from "@sluice/engine/retrieval/vector-store";
import { AppError } from "../error.ts";
import { componentText, type DocumentStore, parseComponent } from "./document-store.ts";
import type { KnowledgeDeps } from "./knowledge-deps.ts";

/** The components of a store that are given anew. */
export interface GivenConfig {
  embedding?: Partial<Component> | undefined;
  vectorStore?: Partial<Component> | undefined;
  recordManager?: Partial<Component> | undefined;
}

/** Columns of a store with what is given anew laid over what it has. */
export function mergedConfig(row: DocumentStore, given: GivenConfig) {
  return {
    embedding_config: mergedText(row.embedding_config, given.embedding),
    vector_store_config: mergedText(row.vector_store_config, given.vectorStore),
    record_manager_config: mergedText(row.record_manager_config, given.recordManager),
  };
}

function mergedText(saved: string | null, given: Partial<Component> | undefined): string | null {
  const before = parseComponent(saved);
  const name = given?.name ?? before?.name;
  if (name === undefined) return null;
  // Inputs of another component mean nothing to this one.
  const kept = before?.name === name ? before.config : {};
  return componentText({ name, config: { ...kept, ...given?.config } });
}

/** Opens the vector store that the columns name. Throws `invalid` while one is missing. */
export async function openConfigured(
  { services }: Pick<KnowledgeDeps, "services">,
  row: Pick<DocumentStore, "name" | "embedding_config" | "vector_store_config">,
  inputs: Record<string, unknown> = {},
): Promise<VectorStore> {
  const embedding = parseComponent(row.embedding_config);
  const vectorStore = parseComponent(row.vector_store_config);
  if (!embedding) throw new AppError("invalid", `Document store ${row.name} has no embedding`);
  if (!vectorStore) throw new AppError("invalid", `Document store ${row.name} has no vector store`);
  const config = { ...vectorStore.config, ...inputs };
  return openVectorStore({ embedding, vectorStore: { ...vectorStore, config } }, services);
}

/** With a record manager unchanged documents are left alone, unless they would go elsewhere than before. */
export const skipsUnchanged = (
  before: DocumentStore,
  now: Pick<DocumentStore, "embedding_config" | "vector_store_config" | "record_manager_config">,
): boolean =>
  now.record_manager_config !== null &&
  now.embedding_config === before.embedding_config &&
  now.vector_store_config === before.vector_store_config;
