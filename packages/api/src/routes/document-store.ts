import { createRoute, z } from "@hono/zod-openapi";
import {
  createDocumentStore,
  DocumentStoreInput,
  DocumentStorePatch,
  deleteDocumentStore,
  getDocumentStore,
  listDocumentStores,
  updateDocumentStore,
} from "@sluice/core/document-store/document-store";
import { parseLoaders } from "@sluice/core/document-store/loader";
import { deleteFiles } from "@sluice/core/document-store/loader-file";
import {
  refreshDocumentStore,
  upsertDocumentStore,
} from "@sluice/core/document-store/upsert-document-store";
import { StoreRow, StoreView, toStoreRow, toStoreView } from "@sluice/core/document-store/wire";
import type { Deps } from "../deps.ts";
import { body, IdParam, json, listOf, listReply, PageQuery, routes } from "../json.ts";
import { readBody } from "../read-body.ts";
import { base, Indexed, may } from "./document-store-parts.ts";
import { upsertInput } from "./form-files.ts";

const create = createRoute({
  method: "post",
  path: `${base}/store`,
  summary: "Make a document store",
  middleware: [may("create")] as const,
  request: { body: body(DocumentStoreInput) },
  responses: { 200: json(StoreRow, "The store") },
});

const list = createRoute({
  method: "get",
  path: `${base}/store`,
  summary: "List document stores",
  middleware: [may("view")] as const,
  request: { query: PageQuery },
  responses: { 200: json(listOf(StoreView), "Stores") },
});

const get = createRoute({
  method: "get",
  path: `${base}/store/{id}`,
  summary: "Get a document store",
  middleware: [may("view")] as const,
  request: { params: IdParam },
  responses: { 200: json(StoreView, "The store") },
});

const update = createRoute({
  method: "put",
  path: `${base}/store/{id}`,
  summary: "Rename or describe a document store",
  middleware: [may("update")] as const,
  request: { params: IdParam, body: body(DocumentStorePatch) },
  responses: { 200: json(StoreView, "The store") },
});

const remove = createRoute({
  method: "delete",
  path: `${base}/store/{id}`,
  summary: "Delete a document store; what it put into a vector store stays there",
  middleware: [may("delete")] as const,
  request: { params: IdParam },
  responses: { 200: json(z.object({ deleted: z.number() }), "How many were there") },
});

const upsert = createRoute({
  method: "post",
  path: `${base}/upsert/{id}`,
  summary: "Load, cut, embed and store documents in one call",
  description:
    "Takes JSON, or a form with `files`: all of one kind, or of any kind where `loader` names who reads them. " +
    "Parts that are missing are those of the store.",
  middleware: [may("upsert-config")] as const,
  request: { params: IdParam },
  responses: { 200: json(Indexed, "What was added, deleted and left alone") },
});

const refresh = createRoute({
  method: "post",
  path: `${base}/refresh/{id}`,
  summary: "Load again what the loaders of a store name",
  middleware: [may("upsert-config")] as const,
  request: { params: IdParam },
  responses: { 200: json(z.array(Indexed), "What was done, by loader") },
});

/** Document stores: documents that flows look into. */
export const documentStoreRoutes = (deps: Deps) => {
  const { db, objects, knowledge, settings } = deps;
  return routes(deps, "document-store")
    .openapi(create, async (c) =>
      c.json(toStoreRow(await createDocumentStore(db, c.req.valid("json"))), 200),
    )
    .openapi(list, async (c) => {
      const page = c.req.valid("query");
      return c.json(listReply(await listDocumentStores(db, page), page, toStoreView), 200);
    })
    .openapi(get, async (c) =>
      c.json(toStoreView(await getDocumentStore(db, c.req.valid("param").id)), 200),
    )
    .openapi(update, async (c) => {
      const row = await updateDocumentStore(db, c.req.valid("param").id, c.req.valid("json"));
      return c.json(toStoreView(row), 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid("param");
      const { loaders } = await getDocumentStore(db, id);
      const deleted = await deleteDocumentStore(db, id);
      for (const loader of parseLoaders(loaders)) await deleteFiles(objects, id, loader);
      return c.json({ deleted }, 200);
    })
    .openapi(upsert, async (c) => {
      const { id } = c.req.valid("param");
      const given = upsertInput(await readBody(c, settings.maxBodyBytes));
      const result = await knowledge.fill((parts, signal) =>
        upsertDocumentStore(parts, id, given, signal),
      );
      return c.json({ ...result }, 200);
    })
    .openapi(refresh, async (c) => {
      const { id } = c.req.valid("param");
      const { items } = z
        .object({ items: z.array(z.looseObject({})).catch([]) })
        .parse(await readBody(c, settings.maxBodyBytes));
      const results = await knowledge.fill((parts, signal) =>
        refreshDocumentStore(parts, id, items, signal),
      );
      return c.json(
        results.map((result) => ({ ...result })),
        200,
      );
    });
};
