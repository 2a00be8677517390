import { expect, test } from "vitest";
import { openVectorStore } from "../../knowledge.ts";
import { json, serve } from "../../tools/tool-test-bench.ts";
import { loadEmbeddings } from "../embeddings/registry.ts";
import { knowledgeServer } from "../knowledge-test-bench.ts";
import { loadVectorStore } from "./registry.ts";

const { signal } = new AbortController();
const documents = [
  { pageContent: "tea leaves", metadata: { source: "a", loc: { lines: { from: 1, to: 2 } } } },
  { pageContent: "roasted coffee", metadata: {} },
];

interface Record {
  id: string;
  vector: number[];
  text: string;
  metadata: object | null;
}

/** One Chroma server with one database; a collection takes vectors of the size of its first. */
async function openStore(config: object = {}, made: object = {}) {
  const records = new Map<string, Record>();
  let exists = false;
  const chroma = await serve(({ method, path, body }, response) => {
    const given = body ? JSON.parse(body) : {};
    const base = "/api/v2/tenants/acme/databases/default_database/collections";
    if (!path.startsWith(base)) return json(response, { error: "no such route" }, 405);
    const action = path.slice(base.length);
    if (action === "" && method === "POST") exists = given.get_or_create;
    if (action === "" || method === "GET")
      return exists
        ? json(response, { id: "c-1", ...made })
        : json(response, { error: "NotFound" }, 404);
    if (action === "/c-1/upsert") {
      const size = [...records.values()][0]?.vector.length ?? given.embeddings[0].length;
      if (given.embeddings.some(({ length }: number[]) => length !== size))
        return json(response, { message: `expecting embedding with dimension of ${size}` }, 400);
      given.ids.forEach((id: string, i: number) => {
        const [vector, text] = [given.embeddings[i], given.documents[i]];
        records.set(id, { id, vector, text, metadata: given.metadatas[i] });
      });
      return json(response, {});
    }
    if (action === "/c-1/delete") {
      for (const id of given.ids) records.delete(id);
      return json(response, {});
    }
    const [question] = given.query_embeddings as number[][];
    const score = ({ vector }: Record) =>
      vector.reduce((sum, value, i) => sum + value * question![i]!, 0) / Math.hypot(...vector);
    const { flowise_chatId: chat } = given.where ?? {};
    const isWanted = ({ metadata }: Record) =>
      chat === undefined ||
      (metadata as { flowise_chatId?: string } | null)?.flowise_chatId === chat;
    const found = [...records.values()].filter(isWanted).sort((a, b) => score(b) - score(a));
    const best = found.slice(0, given.n_results);
    return json(response, {
      ids: [best.map(({ id }) => id)],
      documents: [best.map(({ text }) => text)],
      metadatas: [best.map(({ metadata }) => metadata)],
      distances: [best.map(() => 0.2)],
    });
  });
  const server = await knowledgeServer();
  const vectorStore = {
    name: "chroma",
    config: {
      chromaURL: `${chroma.url}/`,
      collectionName: "books",
      chromaTenant: "acme",
      chromaApiKey: "a token",
      topK: 1,
      ...config,
    },
  };
  const parts = { embedding: server.embedding, vectorStore };
  const store = await openVectorStore(parts, server.services);
  /** The same store for a conversation that may hold uploads. */
  const openFor = async (chatId: string) => {
    const { fetch, modelBaseUrls: baseUrls } = server.services;
    const common = { credential: {}, fetch, baseUrls };
    const embeddings = (await loadEmbeddings(server.embedding.name)).create({
      ...common,
      inputs: server.embedding.config,
    });
    const component = await loadVectorStore("chroma");
    return component.open({ ...common, inputs: vectorStore.config, embeddings, chatId });
  };
  return { store, openFor, records, requests: chroma.requests };
}

test("a Chroma collection is made, filled, asked and emptied", async () => {
  const { store, records, requests } = await openStore();
  expect(await store.retrieve("coffee", { signal })).toEqual([]);
  const ids = await store.add(documents, signal);
  expect(await store.retrieve("leaves of tea", { signal })).toEqual([
    { pageContent: "tea leaves", metadata: { source: "a", locFrom: 1, locTo: 2 }, id: ids[0] },
  ]);
  expect(requests.every(({ headers }) => headers["x-chroma-token"] === "a token")).toBe(true);
  await store.delete(ids, signal);
  expect(records.size).toBe(0);
});

test("the author's filter and that of a call go to Chroma together", async () => {
  const { store, requests } = await openStore({ chromaMetadataFilter: '{"source":"a"}' });
  await store.add(documents, signal);
  await store.retrieve("tea", { signal, filter: { page: 2 } });
  expect(JSON.parse(requests.at(-1)!.body).where).toEqual({ $and: [{ source: "a" }, { page: 2 }] });
});

test.each([
  ["as squares of distances", {}],
  ["as cosines", { configuration_json: { hnsw: { space: "cosine" } } }],
  ["as cosines of an older collection", { metadata: { "hnsw:space": "cosine" } }],
])("how alike documents are is told where Chroma keeps them %s", async (_, made) => {
  const { store } = await openStore({}, made);
  await store.add(documents, signal);
  const [rated] = (await store.rate?.("tea", { signal })) ?? [];
  const isCosine = Object.keys(made).length > 0;
  expect(rated?.score).toBeCloseTo(isCosine ? 0.8 : 1 / (1 + Math.sqrt(0.2)));
});

test("what was uploaded in other conversations is not found", async () => {
  const { store, openFor } = await openStore({ topK: 4 });
  const of = (chat: string) => ({
    pageContent: `tea of ${chat}`,
    metadata: { flowise_chatId: chat },
  });
  await store.add([...documents, of("c1"), of("c2")], signal);
  const found = await (await openFor("c1")).retrieve("tea", { signal });
  const texts = found.map(({ pageContent }) => pageContent);
  expect(texts.toSorted()).toEqual(["roasted coffee", "tea leaves", "tea of c1"]);
});

test("what Chroma refuses is said in its words", async () => {
  const { store, records } = await openStore();
  records.set("other", { id: "other", vector: [1, 2, 3], text: "", metadata: null });
  await expect(store.add(documents, signal)).rejects.toThrow(/Chroma: 400 .*dimension of 3/);
  expect(records.size).toBe(1);
});
