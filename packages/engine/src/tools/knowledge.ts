import { z } from "zod";
import { flag, rows, text } from "../input.ts";
import { Config, openDocumentStore, openVectorStore } from "../knowledge.ts";
import type { NodeRun } from "../node.ts";
import { retrieverTool } from "../retrieval/retriever-tool.ts";
import type { Tool } from "../tool.ts";

/** The knowledge inputs of an agent. */
export const knowledgeInputs = {
  agentKnowledgeDocumentStores: rows(
    z.object({ documentStore: text, docStoreDescription: text, returnSourceDocuments: flag }),
  ),
  agentKnowledgeVSEmbeddings: rows(
    z.object({
      vectorStore: text,
      vectorStoreConfig: Config,
      embeddingModel: text,
      embeddingModelConfig: Config,
      knowledgeName: text,
      knowledgeDescription: text,
      returnSourceDocuments: flag,
    }),
  ),
};
const Inputs = z.object(knowledgeInputs);
type Inputs = z.infer<typeof Inputs>;

/** A tool for each document store and vector store that an agent may look into. */
export async function knowledgeTools(
  { agentKnowledgeDocumentStores, agentKnowledgeVSEmbeddings }: Inputs,
  { services, resolve, fixes }: NodeRun,
): Promise<Tool[]> {
  const stored = agentKnowledgeDocumentStores
    .filter((row) => row.documentStore)
    .map(async (row) =>
      retrieverTool({
        name: toolName(row.documentStore.slice(row.documentStore.indexOf(":") + 1)),
        description: row.docStoreDescription,
        retriever: await openDocumentStore(row.documentStore, services, fixes),
        returnSourceDocuments: row.returnSourceDocuments,
      }),
    );
  const described = agentKnowledgeVSEmbeddings
    .filter((row) => row.vectorStore)
    .map(async (row) => {
      const embedding = {
        name: row.embeddingModel,
        config: Config.parse(await resolve(row.embeddingModelConfig)),
      };
      const vectorStore = {
        name: row.vectorStore,
        config: Config.parse(await resolve(row.vectorStoreConfig)),
      };
      return retrieverTool({
        name: toolName(row.knowledgeName || row.vectorStore),
        description: row.knowledgeDescription,
        retriever: await openVectorStore({ embedding, vectorStore }, services, fixes),
        returnSourceDocuments: row.returnSourceDocuments,
      });
    });
  return Promise.all([...stored, ...described]);
}

/** A name as models accept it. */
const toolName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "_")
    .slice(0, 64);
