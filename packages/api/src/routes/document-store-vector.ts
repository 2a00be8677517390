import { createRoute, z } from "@hono/zod-openapi";
import {
  emptyVectorStore,
  insertChunks,
  QueryInput,
  queryDocumentStore,
  saveVectorStore,
  VectorStoreInput,
} from "@sluice/core/document-store/vector-store";
import { StoreRow, toStoreRow } from "@sluice/core/document-store/wire";
import type { Deps } from "../deps.ts";
import { body, json, routes } from "../json.ts";
import { base, Document, Indexed, may } from "./document-store-parts.ts";

const insert = createRoute({
  method: "post",
  path: `${base}/vectorstore/insert`,
  summary: "Put the chunks of a store into its vector store",
  middleware: [may("upsert-config")] as const,
  request: { body: body(VectorStoreInput) },
  responses: { 200: json(Indexed, "What was added, deleted and left alone") },
});

const saveConfig = (verb: "save" | "update") =>
  createRoute({
    method: "post",
    path: `${base}/vectorstore/${verb}`,
    summary: "Save with what a store embeds and where it keeps vectors",
    middleware: [may("upsert-config")] as const,
    request: { body: body(VectorStoreInput) },
    responses: { 200: json(StoreRow, "The store") },
  });

const query = createRoute({
  method: "post",
  path: `${base}/vectorstore/query`,
  summary: "Ask a document store",
  middleware: [may("view")] as const,
  request: { body: body(QueryInput) },
  responses: {
    200: json(
      z.object({
        timeTaken: z.number(),
        docs: z.array(Document.extend({ id: z.string(), chunkNo: z.number() })),
      }),
      "What it finds, the best first",
    ),
  },
});

const empty = createRoute({
  method: "delete",
  path: `${base}/vectorstore/{storeId}`,
  summary: "Take the documents of a store out of its vector store",
  middleware: [may("delete")] as const,
  request: {
    params: z.object({ storeId: z.string() }),
    query: z.object({ docId: z.string().optional() }),
  },
  responses: { 200: json(z.object({ deleted: z.number() }), "How many there were") },
});

/** Where document stores keep their vectors, and what is found there. */
export const documentStoreVectorRoutes = (deps: Deps) => {
  const { knowledge } = deps;
  return routes(deps, "document-store")
    .openapi(insert, async (c) => {
      const input = c.req.valid("json");
      const result = await knowledge.fill((parts, signal) => insertChunks(parts, input, signal));
      return c.json({ ...result }, 200);
    })
    .openapi(saveConfig("save"), async (c) =>
      c.json(toStoreRow(await saveVectorStore(deps, c.req.valid("json"))), 200),
    )
    .openapi(saveConfig("update"), async (c) =>
      c.json(toStoreRow(await saveVectorStore(deps, c.req.valid("json"))), 200),
    )
    .openapi(query, async (c) => {
      const input = c.req.valid("json");
      const found = await knowledge.ask((parts, signal) =>
        queryDocumentStore(parts, input, signal),
      );
      return c.json(found, 200);
    })
    .openapi(empty, async (c) => {
      const place = { ...c.req.valid("param"), ...c.req.valid("query") };
      const deleted = await knowledge.ask((parts, signal) =>
        emptyVectorStore(parts, place, signal),
      );
      return c.json({ deleted }, 200);
    });
};
