import { knowledgeServer } from "@sluice/engine/retrieval/knowledge-test-bench";
import { afterAll, expect, test } from "vitest";
import { openTestDatabase } from "../../../../test/database.ts";
import type { ObjectStore } from "../object-store/object-store.ts";
import { listChunks, pageOfChunks } from "./chunk.ts";
import { createDocumentStore, getDocumentStore, readKnowledge } from "./document-store.ts";
import { notedVectors } from "./index-chunks.ts";
import { parseLoaders } from "./loader.ts";
import { loaderFrom, previewLoader, processLoader, saveLoader } from "./process-loader.ts";
import { refreshDocumentStore, upsertDocumentStore } from "./upsert-document-store.ts";
import {
  deleteLoader,
  emptyVectorStore,
  insertChunks,
  queryDocumentStore,
} from "./vector-store.ts";

const database = await openTestDatabase();
afterAll(() => database.close());
const { db } = database;
const { signal } = new AbortController();

async function openStore() {
  const server = await knowledgeServer();
  const files = new Map<string, Buffer>();
  const objects: ObjectStore = {
    put: async (key, bytes) => void files.set(key, bytes),
    get: async (key) => files.get(key) ?? Promise.reject(new Error(`no ${key}`)),
    delete: async (key) => void files.delete(key),
    deleteFolder: async () => {},
  };
  const deps = { db, objects, services: server.services };
  const { id } = await createDocumentStore(db, { name: "Facts" });
  const body = {
    loader: { name: "plainText", config: { text: "tea leaves\n\nroasted coffee" } },
    splitter: {
      name: "recursiveCharacterTextSplitter",
      config: { chunkSize: "15", chunkOverlap: "0" },
    },
    embedding: server.embedding,
    vectorStore: { name: "pinecone", config: { pineconeIndex: "facts" } },
  };
  const upsert = (given: object = {}) =>
    upsertDocumentStore(deps, id, { ...body, ...given }, signal);
  const found = () => [...server.points.values()].map(({ payload }) => payload.text).sort();
  return { server, files, deps, id, body, upsert, found };
}

test("one call loads, cuts, embeds and stores, and the store can be asked", async () => {
  const { deps, id, upsert, found } = await openStore();
  const result = await upsert({ metadata: '{"source":"a book"}' });
  expect(result).toMatchObject({ numAdded: 2, numDeleted: 0, numSkipped: 0, storeId: id });
  expect(found()).toEqual(["roasted coffee", "tea leaves"]);
  const row = await getDocumentStore(db, id);
  expect(row.status).toBe("UPSERTED");
  expect(parseLoaders(row.loaders)).toMatchObject([
    { id: result.docId, loaderName: "Plain Text", totalChunks: 2, totalChars: 24, status: "SYNC" },
  ]);
  expect(await readKnowledge(db, id)).toMatchObject({ vectorStore: { name: "pinecone" } });
  const { docs } = await queryDocumentStore(deps, { storeId: id, query: "tea" }, signal);
  expect(docs[0]).toMatchObject({
    pageContent: "tea leaves",
    metadata: { source: "a book", docId: result.docId },
    chunkNo: 1,
  });
});

test("documents that replace others take those out of the vector store", async () => {
  const { id, upsert, found } = await openStore();
  const { docId } = await upsert();
  const loader = { config: { text: "yellow trams" } };
  const replaced = await upsert({ docId, replaceExisting: true, loader });
  expect(replaced).toMatchObject({ docId, numAdded: 1, numDeleted: 2 });
  expect(found()).toEqual(["yellow trams"]);
  const added = await upsert({ docId, loader: { config: { text: "green trams" } } });
  expect(added.docId).not.toBe(docId);
  expect(found()).toEqual(["green trams", "yellow trams"]);
  expect(await notedVectors(db, id)).toHaveLength(2);
});

test("an upsert that fails leaves the store as it was", async () => {
  const { server, id, upsert, found } = await openStore();
  const { docId } = await upsert();
  const before = await getDocumentStore(db, id);
  server.state.refusesEmbedding = true;
  const loader = { config: { text: "yellow trams" } };
  await expect(upsert({ docId, replaceExisting: true, loader })).rejects.toThrow(/401/);
  expect(found()).toEqual(["roasted coffee", "tea leaves"]);
  const { loaders, status, vector_store_config } = await getDocumentStore(db, id);
  expect({ loaders, status, vector_store_config }).toEqual({
    loaders: before.loaders,
    status: "UPSERTED",
    vector_store_config: before.vector_store_config,
  });
  expect(await notedVectors(db, id)).toHaveLength(2);
});

test("with a record manager only what has changed is embedded again", async () => {
  const { server, deps, id, upsert, found } = await openStore();
  const recordManager = { name: "postgresRecordManager", config: {} };
  const { docId } = await upsert({ recordManager });
  await refreshDocumentStore(deps, id, [], signal);
  expect(server.embedded).toEqual(["tea leaves", "roasted coffee"]);
  const loader = { config: { text: "tea leaves\n\nyellow trams" } };
  expect(await upsert({ docId, replaceExisting: true, loader, recordManager })).toMatchObject({
    numAdded: 1,
    numSkipped: 1,
    numDeleted: 1,
  });
  expect(found()).toEqual(["tea leaves", "yellow trams"]);
  const { docs } = await queryDocumentStore(deps, { storeId: id, query: "tea" }, signal);
  expect(docs.map(({ chunkNo }) => chunkNo)).toEqual([1, 2]);
});

test("a store is refreshed without anything being given again", async () => {
  const { deps, id, upsert, found } = await openStore();
  const { docId } = await upsert();
  const [result] = await refreshDocumentStore(deps, id, [], signal);
  expect(result).toMatchObject({ docId, numAdded: 2, numDeleted: 2 });
  expect(found()).toEqual(["roasted coffee", "tea leaves"]);
});

test("files are kept apart from the row and read again", async () => {
  const { files, deps, id, upsert, found } = await openStore();
  const data = Buffer.from("green tea").toString("base64");
  const txtFile = `data:text/plain;base64,${data},filename:tea.txt`;
  const { docId } = await upsert({ loader: { name: "textFile", config: { txtFile } } });
  const [loader] = parseLoaders((await getDocumentStore(db, id)).loaders);
  expect(loader).toMatchObject({
    loaderConfig: { txtFile: 'FILE-STORAGE::["tea.txt"]' },
    files: [{ name: "tea.txt", mimePrefix: "text/plain", size: 9 }],
  });
  await refreshDocumentStore(deps, id, [], signal);
  expect(found()).toEqual(["green tea"]);
  const copy = await upsert({ docId, loader: undefined });
  expect([files.size, found()]).toEqual([2, ["green tea", "green tea"]]);
  await deleteLoader(deps, id, copy.docId, signal);
  await deleteLoader(deps, id, docId, signal);
  expect([files.size, found().length, (await listChunks(db, id)).length]).toEqual([0, 0, 0]);
});

test("a store can be filled step by step", async () => {
  const { server, deps, id, body, found } = await openStore();
  const input = {
    storeId: id,
    loaderId: "plainText",
    loaderConfig: body.loader.config,
    splitterId: body.splitter.name,
    splitterConfig: body.splitter.config,
    previewChunkCount: 1,
  };
  expect(await previewLoader(deps, input, signal)).toMatchObject({
    chunks: [{ pageContent: "tea leaves" }],
    totalChunks: 2,
    previewChunkCount: 1,
  });
  const { loader } = await loaderFrom(deps, input);
  await saveLoader(deps, id, loader);
  await processLoader(deps, id, loader.id, signal);
  expect(await pageOfChunks(db, id, loader.id, 1)).toMatchObject({ count: 2 });
  expect(await getDocumentStore(db, id)).toMatchObject({ status: "SYNC" });
  const config = {
    storeId: id,
    embeddingName: server.embedding.name,
    embeddingConfig: server.embedding.config,
    vectorStoreName: body.vectorStore.name,
    vectorStoreConfig: body.vectorStore.config,
  };
  expect(await insertChunks(deps, config, signal)).toMatchObject({ numAdded: 2, numDeleted: 0 });
  expect(await insertChunks(deps, { storeId: id }, signal)).toMatchObject({ numDeleted: 0 });
  expect(found()).toEqual(["roasted coffee", "tea leaves"]);
  expect(await emptyVectorStore(deps, { storeId: id }, signal)).toBe(2);
  expect(found()).toEqual([]);
});

test("a mistake in a body is named", async () => {
  const { upsert } = await openStore();
  const refused = (given: object) => upsert(given).catch((error: Error) => error.message);
  expect(await refused({ loader: "{not json" })).toBe("is not valid JSON");
  expect(await refused({ loader: { name: "notionDB" } })).toMatch(
    /loader notionDB is not supported/,
  );
  expect(await refused({ splitter: { name: "toolAgent" } })).toMatch(/splitter toolAgent is not/);
  expect(await refused({ vectorStore: { name: "faiss" } })).toMatch(/store faiss is not supported/);
  expect(await refused({ loader: undefined })).toMatch(/loader.name/);
});
