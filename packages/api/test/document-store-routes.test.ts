import { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiKey } from "@sluice/core/api-key/api-key";
import { keyPermissions } from "@sluice/core/api-key/permission";
import { createCredential } from "@sluice/core/credential/credential";
import { credentialKeyFromBytes } from "@sluice/core/credential/credential-key";
import { openKnowledge } from "@sluice/core/document-store/open-knowledge";
import type { ObjectStore } from "@sluice/core/object-store/object-store";
import { openFileParser } from "@sluice/engine/parse/open-file-parser";
import { docxOf, pdfOf } from "@sluice/engine/parse/parse-test-bench";
import { knowledgeServer } from "@sluice/engine/retrieval/knowledge-test-bench";
import { afterAll, expect, test } from "vitest";
import { openTestDatabase } from "../../../test/database.ts";
import type { Deps, Env } from "../src/deps.ts";
import { onError } from "../src/error.ts";
import { documentStoreRoutes } from "../src/routes/document-store.ts";
import { documentStoreComponentRoutes } from "../src/routes/document-store-component.ts";
import { documentStoreLoaderRoutes } from "../src/routes/document-store-loader.ts";
import { documentStoreVectorRoutes } from "../src/routes/document-store-vector.ts";

const database = await openTestDatabase();
const parser = openFileParser();
afterAll(async () => {
  await parser.close();
  await database.close();
});
const { db } = database;
const credentialKey = credentialKeyFromBytes(new Uint8Array(32));

async function openApi(permissions = keyPermissions) {
  const server = await knowledgeServer();
  const { fetch, modelBaseUrls } = server.services;
  const files = new Map<string, Buffer>();
  const objects: ObjectStore = {
    put: async (key, bytes) => void files.set(key, bytes),
    get: async (key) => files.get(key) ?? Promise.reject(new Error(`no ${key}`)),
    delete: async (key) => void files.delete(key),
    deleteFolder: async () => {},
  };
  const knowledge = openKnowledge({ db, objects, credentialKey, fetch, modelBaseUrls, parser });
  const deps = { db, objects, knowledge, settings: { maxBodyBytes: 100_000 } } as unknown as Deps;
  const app = new OpenAPIHono<Env>();
  app.onError(onError);
  app.use(async (c, next) => {
    c.set("apiKey", { permissions } as ApiKey);
    await next();
  });
  for (const routes of [
    documentStoreRoutes,
    documentStoreComponentRoutes,
    documentStoreLoaderRoutes,
    documentStoreVectorRoutes,
  ])
    app.route("/", routes(deps));

  async function call(method: string, path: string, body?: unknown) {
    const form = body instanceof FormData;
    const response = await app.request(`/api/v1/document-store${path}`, {
      method,
      ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
      ...(body !== undefined && !form && { headers: { "content-type": "application/json" } }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: a test reads replies of every shape
    return { status: response.status, answer: (await response.json()) as any };
  }

  const { id: credential } = await createCredential(db, credentialKey, {
    name: "Keys",
    credentialName: "openAIApi",
    plainDataObj: { openAIApiKey: "the key" },
  });
  const parts = {
    embedding: { name: "openAIEmbeddings", config: { ...server.embedding.config, credential } },
    vectorStore: { name: "pinecone", config: { pineconeIndex: "facts" } },
  };
  return { server, call, parts };
}

test("a store is made, filled from texts of JSON, read, asked and deleted", async () => {
  const { server, call, parts } = await openApi();
  const made = await call("POST", "/store", { name: "Facts", description: "What is known" });
  expect(made.answer).toMatchObject({ name: "Facts", loaders: "[]", status: "EMPTY" });
  const { id } = made.answer;
  const loader = { name: "plainText", config: { text: "tea leaves" } };
  const body = { ...parts, loader: JSON.stringify(loader) };
  const { answer: upserted } = await call("POST", `/upsert/${id}`, body);
  expect(upserted).toMatchObject({ numAdded: 1, numSkipped: 0, storeId: id });
  expect(server.requests.find(({ path }) => path === "/embeddings")?.headers.authorization).toBe(
    "Bearer the key",
  );
  expect((await call("GET", `/store/${id}`)).answer).toMatchObject({
    status: "UPSERTED",
    totalChunks: 1,
    loaders: [{ id: upserted.docId, loaderId: "plainText" }],
  });
  const page = await call("GET", `/chunks/${id}/${upserted.docId}/1`);
  expect(page.answer).toMatchObject({ count: 1, currentPage: 1, storeName: "Facts" });
  const [chunk] = page.answer.chunks;
  const changed = { pageContent: "green tea", metadata: { by: "hand" } };
  const edited = await call("PUT", `/chunks/${id}/${upserted.docId}/${chunk.id}`, changed);
  expect(edited.answer.chunks).toMatchObject([{ pageContent: "green tea" }]);
  await call("POST", "/vectorstore/insert", { storeId: id });
  const asked = await call("POST", "/vectorstore/query", { storeId: id, query: "green" });
  expect(asked.answer.docs).toMatchObject([{ pageContent: "green tea", chunkNo: 1 }]);
  expect((await call("DELETE", `/vectorstore/${id}`)).answer).toEqual({ deleted: 1 });
  expect((await call("DELETE", `/store/${id}`)).answer).toEqual({ deleted: 1 });
  expect((await call("GET", `/store/${id}`)).status).toBe(404);
});

test("files of a form fill a store", async () => {
  const { server, call, parts } = await openApi();
  const { id } = (await call("POST", "/store", { name: "Files" })).answer;
  const form = new FormData();
  form.append("files", new Blob(["yellow trams"], { type: "text/plain" }), "trams.txt");
  form.append("embedding", JSON.stringify(parts.embedding));
  form.append("vectorStore", JSON.stringify(parts.vectorStore));
  form.append("metadata", '{"source":"a form"}');
  expect((await call("POST", `/upsert/${id}`, form)).answer).toMatchObject({ numAdded: 1 });
  expect(server.embedded).toEqual(["yellow trams"]);
  form.append("files", new Blob([new Uint8Array(pdfOf("red trams"))]), "book.pdf");
  const refused = await call("POST", `/upsert/${id}`, form);
  expect(refused.status).toBe(400);
  expect(refused.answer.message).toMatch(/^files: these are for several loaders/);
});

const formOf = (name: string, bytes: Buffer | string, fields: Record<string, string> = {}) => {
  const form = new FormData();
  form.append("files", new Blob([new Uint8Array(Buffer.from(bytes))]), name);
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  return form;
};

test("the kind of a file chooses its loader", async () => {
  const { server, call, parts } = await openApi();
  const { id } = (await call("POST", "/store", { name: "Kinds" })).answer;
  const fields = {
    embedding: JSON.stringify(parts.embedding),
    vectorStore: JSON.stringify(parts.vectorStore),
  };
  for (const [name, bytes, text] of [
    ["a.pdf", pdfOf("red trams"), "red trams"],
    ["a.docx", docxOf("blue trams"), "blue trams\n\n"],
    ["a.csv", "colour\ngreen\n", "colour: green"],
    ["a.json", '["grey trams"]', "grey trams"],
  ] as const) {
    const { answer } = await call("POST", `/upsert/${id}`, formOf(name, bytes, fields));
    expect(answer).toMatchObject({ numAdded: 1, addedDocs: [{ pageContent: text }] });
  }
  expect(server.points.size).toBe(4);
  const named = { ...fields, loader: '{"name":"textFile"}' };
  const { answer } = await call("POST", `/upsert/${id}`, formOf("b.csv", "a\n1\n", named));
  expect(answer.addedDocs).toMatchObject([{ pageContent: "a\n1\n" }]);
});

test("what cannot be read is named, and nothing of it is kept", async () => {
  const { server, call, parts } = await openApi();
  const { id } = (await call("POST", "/store", { name: "Broken" })).answer;
  const fields = {
    embedding: JSON.stringify(parts.embedding),
    vectorStore: JSON.stringify(parts.vectorStore),
  };
  const form = formOf("bad.pdf", "%PDF-1.4 no more", fields);
  form.append("files", new Blob([new Uint8Array(pdfOf("red trams"))]), "good.pdf");
  const refused = await call("POST", `/upsert/${id}`, form);
  expect(refused.status).toBe(400);
  expect(refused.answer.message).toMatch(/^bad\.pdf: is not a PDF that can be read: /);
  const bad = await call("POST", `/upsert/${id}`, formOf("bad.csv", 'a,b\n"x" y,1\n', fields));
  expect(bad.answer.message).toMatch(/^bad\.csv: is not CSV that can be read: /);
  expect(server.requests.filter(({ path }) => path.includes("vectors"))).toEqual([]);
  const { answer: store } = await call("GET", `/store/${id}`);
  expect(store).toMatchObject({ status: "EMPTY", loaders: [], totalChunks: 0 });
});

test("a form previews, saves and processes a loader, whose file stays", async () => {
  const { call } = await openApi();
  const { id: storeId } = (await call("POST", "/store", { name: "Loaders" })).answer;
  const config = { loaderConfig: '{"usage":"perFile"}', storeId };
  const form = () => formOf("two.pdf", pdfOf("page one", "page two"), config);
  expect((await call("POST", "/loader/preview", form())).answer).toMatchObject({
    totalChunks: 1,
    chunks: [{ pageContent: "page one\n\npage two" }],
  });
  const { answer: saved } = await call("POST", "/loader/save", form());
  expect(saved).toMatchObject({ loaderId: "pdfFile", loaderName: "Pdf File", status: "STALE" });
  expect(saved.files).toMatchObject([{ name: "two.pdf" }]);
  const perPage = { storeId, loaderConfig: { ...saved.loaderConfig, usage: "perPage" } };
  const { answer } = await call("POST", `/loader/process/${saved.id}`, perPage);
  expect(answer).toMatchObject({ count: 2, chunks: [{ pageContent: "page one" }, {}] });
});

test("what stores can be made of is listed", async () => {
  const { call } = await openApi();
  const names = async (kind: string) =>
    (await call("GET", `/components/${kind}`)).answer.map(({ name }: { name: string }) => name);
  expect(await names("loaders")).toContain("pdfFile");
  expect(await names("embeddings")).toContain("openAIEmbeddings");
  expect(await names("vectorstore")).toContain("pinecone");
  expect((await call("GET", "/components/others")).status).toBe(400);
});

test("what a provider refuses is told to the caller", async () => {
  const { server, call, parts } = await openApi();
  server.state.refusesEmbedding = true;
  const { id } = (await call("POST", "/store", { name: "Refused" })).answer;
  const body = { ...parts, loader: { name: "plainText", config: { text: "tea" } } };
  expect(await call("POST", `/upsert/${id}`, body)).toMatchObject({
    status: 500,
    answer: { message: "401 no such key" },
  });
});

test("a key may only do what it is allowed to", async () => {
  const { call } = await openApi(["documentStores:view"]);
  expect((await call("GET", "/store")).status).toBe(200);
  expect((await call("POST", "/store", { name: "No" })).status).toBe(403);
});
