import { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiKey } from "@sluice/core/api-key/api-key";
import { keyPermissions } from "@sluice/core/api-key/permission";
import { createCredential } from "@sluice/core/credential/credential";
import { credentialKeyFromBytes } from "@sluice/core/credential/credential-key";
import { openKnowledge } from "@sluice/core/document-store/open-knowledge";
import { knowledgeServer } from "@sluice/engine/retrieval/knowledge-test-bench";
import { afterAll, expect, test } from "vitest";
import { openTestDatabase } from "../../../test/database.ts";
import type { Deps, Env } from "../src/deps.ts";
import { onError } from "../src/error.ts";
import { documentStoreRoutes } from "../src/routes/document-store.ts";
import { documentStoreLoaderRoutes } from "../src/routes/document-store-loader.ts";
import { documentStoreVectorRoutes } from "../src/routes/document-store-vector.ts";

const database = await openTestDatabase();
afterAll(() => database.close());
const { db } = database;
const credentialKey = credentialKeyFromBytes(new Uint8Array(32));

async function openApi(permissions = keyPermissions) {
  const server = await knowledgeServer();
  const { fetch, modelBaseUrls } = server.services;
  const objects = { put: async () => {}, get: async () => Buffer.alloc(0), delete: async () => {} };
  const knowledge = openKnowledge({ db, objects, credentialKey, fetch, modelBaseUrls });
  const deps = { db, objects, knowledge, settings: { maxBodyBytes: 100_000 } } as unknown as Deps;
  const app = new OpenAPIHono<Env>();
  app.onError(onError);
  app.use(async (c, next) => {
    c.set("apiKey", { permissions } as ApiKey);
    await next();
  });
  for (const routes of [documentStoreRoutes, documentStoreLoaderRoutes, documentStoreVectorRoutes])
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
  form.append("files", new Blob(["%PDF"]), "book.pdf");
  const refused = await call("POST", `/upsert/${id}`, form);
  expect(refused).toMatchObject({
    status: 400,
    answer: { message: "files: no loader here reads a pdfFile" },
  });
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
