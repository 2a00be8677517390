import { z } from "zod";
import { type ChatNodeRun, defineChatNode } from "../../chatflow/chat-node.ts";
import {
  document,
  embeddings,
  optional,
  recordManager,
  several,
} from "../../chatflow/chat-parts.ts";
import { nameId } from "../../retrieval/document-id.ts";
import type { Embeddings } from "../../retrieval/embeddings.ts";
import { indexDocuments } from "../../retrieval/index-documents.ts";
import { searchedAsChosen } from "../../retrieval/mmr.ts";
import { loadVectorStore } from "../../retrieval/stores/registry.ts";
import { chatIdName, type VectorStore } from "../../retrieval/vector-store.ts";

/** Every vector store that lasts, by the name of its node; its documents were indexed before. */
export const vectorStore = defineChatNode({
  name: "vectorStore",
  inputs: z.looseObject({
    embeddings,
    document: z.unknown().optional(),
    recordManager: z.unknown().optional(),
    fileUpload: z.unknown().optional(),
  }),
  init: (inputs, run) => open(inputs, run),
  async upsert(inputs, run, { id, left }) {
    const { signal } = run.services;
    const records = optional(recordManager).parse(inputs.recordManager);
    const given = several(document)
      .parse(inputs.document)
      .filter(({ pageContent }) => pageContent !== "");
    const uploaded = takesUploads(inputs) ? { [chatIdName]: run.request.chatId } : {};
    const documents = given.map(({ pageContent, metadata }) => ({
      pageContent,
      metadata: { ...metadata, ...uploaded },
    }));
    const store = await open(inputs, run);
    if (left.length > 0) await store.delete(left, signal);
    return indexDocuments(store, documents, {
      signal,
      records,
      idOf: (index) => nameId(`${id}/${run.nodeId}/${index}`),
    });
  },
});

const takesUploads = ({ fileUpload }: { fileUpload?: unknown }): boolean =>
  fileUpload === true || fileUpload === "true";

async function open(
  inputs: { embeddings: Embeddings; fileUpload?: unknown },
  { name, credentialId, services, request, fixes }: ChatNodeRun,
): Promise<VectorStore> {
  const [component, credential] = await Promise.all([
    loadVectorStore(name),
    credentialId ? services.credential(credentialId) : {},
  ]);
  const setting = {
    inputs: { ...inputs },
    credential,
    embeddings: inputs.embeddings,
    fetch: services.fetch,
    baseUrls: services.modelBaseUrls,
    postgres: services.postgres,
    ...(takesUploads(inputs) && { chatId: request.chatId }),
  };
  const store = await component.open(setting);
  return fixes?.has("mmr") ? searchedAsChosen(store, inputs.embeddings, setting) : store;
}
