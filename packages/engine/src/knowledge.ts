import { z } from "zod";
import type { FlowFix } from "./flow-fix.ts";
import type { Document } from "./retrieval/document.ts";
import { loadEmbeddings } from "./retrieval/embeddings/registry.ts";
import { searchedAsChosen } from "./retrieval/mmr.ts";
import { loadVectorStore } from "./retrieval/stores/registry.ts";
import type { VectorStore } from "./retrieval/vector-store.ts";
import type { Services } from "./services.ts";

/** A component by Flowise's name, with its inputs. */
export interface Component {
  name: string;
  config: Record<string, unknown>;
}

/** Where the documents of a document store are found. */
export interface StoredKnowledge {
  id: string;
  name: string;
  /** Both are absent until the store is filled for the first time. */
  embedding?: Component | undefined;
  vectorStore?: Component | undefined;
}

export type KnowledgeServices = Pick<
  Services,
  "fetch" | "credential" | "modelBaseUrls" | "postgres" | "parser"
>;

export const Config = z.record(z.string(), z.unknown()).catch({});

/** Opens a vector store with its embedding, both by name. */
export async function openVectorStore(
  { embedding, vectorStore }: { embedding: Component; vectorStore: Component },
  services: KnowledgeServices,
  fixes?: ReadonlySet<FlowFix>,
): Promise<VectorStore> {
  const [embeddingsComponent, storeComponent, embeddingsSetting, storeSetting] = await Promise.all([
    loadEmbeddings(embedding.name),
    loadVectorStore(vectorStore.name),
    settingOf(embedding, services),
    settingOf(vectorStore, services),
  ]);
  const embeddings = embeddingsComponent.create(embeddingsSetting);
  const setting = { ...storeSetting, embeddings, postgres: services.postgres };
  const store = await storeComponent.open(setting);
  return fixes?.has("mmr") ? searchedAsChosen(store, embeddings, setting) : store;
}

async function settingOf({ config }: Component, services: KnowledgeServices) {
  const { fetch, modelBaseUrls } = services;
  const id = config.FLOWISE_CREDENTIAL_ID || config.credential;
  const credential = typeof id === "string" && id ? await services.credential(id) : {};
  return { inputs: config, credential, fetch, baseUrls: modelBaseUrls };
}

/** A document store that a flow names as `<id>:<name>` or by its id. */
export async function openDocumentStore(
  chosen: string,
  services: KnowledgeServices & Pick<Services, "documentStore">,
  fixes?: ReadonlySet<FlowFix>,
): Promise<VectorStore> {
  const { name, embedding, vectorStore } = await services.documentStore(storeIdOf(chosen));
  if (embedding && vectorStore) return openVectorStore({ embedding, vectorStore }, services, fixes);
  throw new Error(
    `The document store ${name} has no ${embedding ? "vector store" : "embedding"} yet: upsert its documents first`,
  );
}

export const storeIdOf = (chosen: string): string => chosen.split(":")[0] ?? "";

/** What several sources know about a question, one after another. */
export async function retrieveAll(
  stores: VectorStore[],
  query: string,
  signal: AbortSignal,
): Promise<Document[]> {
  const found = await Promise.all(stores.map((store) => store.retrieve(query, { signal })));
  return found.flat();
}
