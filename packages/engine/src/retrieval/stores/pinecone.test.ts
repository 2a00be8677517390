import { expect, test } from "vitest";
import { openVectorStore } from "../../knowledge.ts";
import { json, scriptedProvider } from "../../models/scripted-provider.ts";
import { knowledgeServer } from "../knowledge-test-bench.ts";
import { loadVectorStore } from "./registry.ts";

const { signal } = new AbortController();
const documents = ["tea leaves", "yellow trams"].map((pageContent) => ({
  pageContent,
  metadata: { about: pageContent.split(" ")[1], loc: { lines: { from: 1 } } },
}));

test("a Pinecone index is filled, asked and emptied", async () => {
  const server = await knowledgeServer();
  const config = {
    pineconeIndex: "all",
    pineconeNamespace: "ours",
    topK: "1",
    credential: "its id",
  };
  const filled = { embedding: server.embedding, vectorStore: { name: "pinecone", config } };
  const store = await openVectorStore(filled, server.services);
  const ids = await store.add(documents, signal);
  expect(await store.retrieve("trams", { signal })).toMatchObject([
    { pageContent: "yellow trams", metadata: { about: "trams", "loc.lines.from": 1 } },
  ]);
  const sent = server.requests.filter(({ path }) => !path.endsWith("/embeddings"));
  expect(sent.map(({ path }) => path)).toEqual(["/indexes/all", "/vectors/upsert", "/query"]);
  for (const { headers } of sent) expect(headers["api-key"]).toBe("another");
  expect(JSON.parse(sent[2]!.body)).toMatchObject({ namespace: "ours", topK: 1 });
  await store.delete(ids, signal);
  expect(server.points.size).toBe(0);
});

test("the author's filter, a conversation's uploads and that of a call go to Pinecone together", async () => {
  const server = await knowledgeServer();
  const component = await loadVectorStore("pinecone");
  const embeddings = {
    kind: "embeddings" as const,
    embedDocuments: async (texts: string[]) => texts.map(() => [1]),
    embedQuery: async () => [1],
  };
  const inputs = { pineconeIndex: "all", pineconeMetadataFilter: '{"source":"a"}' };
  const { fetch, modelBaseUrls: baseUrls } = server.services;
  const store = await component.open({
    ...{ inputs, embeddings, fetch, baseUrls, credential: {}, chatId: "c1" },
  });
  await store.retrieve("tea", { signal, filter: { year: 2026 } });
  expect(JSON.parse(server.requests.at(-1)!.body).filter).toEqual({
    source: "a",
    year: 2026,
    $or: [{ flowise_chatId: { $eq: "c1" } }, { flowise_chatId: { $exists: false } }],
  });
});

test("an index that is not there is said in Pinecone's words", async () => {
  const { url, fetch } = await scriptedProvider(
    json({ data: [{ index: 0, embedding: [1] }] }),
    json({ error: { message: "Resource gone not found" } }, 404),
  );
  const services = { fetch, credential: async () => ({}), modelBaseUrls: { pinecone: url } };
  const embedding = { name: "openAIEmbeddings", config: { basepath: url } };
  const vectorStore = { name: "pinecone", config: { pineconeIndex: "gone" } };
  const store = await openVectorStore({ embedding, vectorStore }, services);
  await expect(store.retrieve("tea", { signal })).rejects.toThrow("Resource gone not found");
});
