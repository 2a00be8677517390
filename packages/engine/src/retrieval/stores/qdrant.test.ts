import { expect, test } from "vitest";
import { openVectorStore } from "../../knowledge.ts";
import { knowledgeServer } from "../knowledge-test-bench.ts";

const { signal } = new AbortController();
const documents = ["tea leaves", "roasted coffee"].map((pageContent, i) => ({
  pageContent,
  metadata: { page: { no: i } },
}));

async function openStore(config: Record<string, unknown> = {}) {
  const server = await knowledgeServer();
  const vectorStore = {
    name: "qdrant",
    config: { qdrantServerUrl: `${server.url}/`, qdrantCollection: "books", topK: 1, ...config },
  };
  const parts = { embedding: server.embedding, vectorStore };
  return { server, store: await openVectorStore(parts, server.services) };
}

test("a Qdrant collection is made, filled, asked and emptied", async () => {
  const { server, store } = await openStore();
  const ids = await store.add(documents, signal);
  const found = await store.retrieve("coffee, roasted", { signal });
  expect(found).toEqual([{ ...documents[1], id: ids[1] }]);
  const made = server.requests.find(
    ({ method, path }) => method === "PUT" && path === "/collections/books",
  );
  expect(JSON.parse(made!.body)).toEqual({ vectors: { size: 26, distance: "Cosine" } });
  await store.delete(ids, signal);
  expect(server.points.size).toBe(0);
});

test("the author's filter and that of a call hold together", async () => {
  const { server, store } = await openStore({
    qdrantFilter: '{"must":[{"is_empty":{"key":"a"}}]}',
  });
  await store.add(documents, signal);
  await store.retrieve("tea", { signal, filter: { must_not: [] } });
  const { filter } = JSON.parse(server.requests.at(-1)!.body);
  expect(filter).toEqual({ must: [{ must: [{ is_empty: { key: "a" } }] }, { must_not: [] }] });
});

test("what Qdrant refuses is said in its words", async () => {
  const { store } = await openStore();
  await expect(store.retrieve("tea", { signal })).rejects.toThrow(/Qdrant: 404 .*Not found/);
});
