import { createRoute, z } from "@hono/zod-openapi";
import { editChunk, pageOfChunks } from "@sluice/core/document-store/chunk";
import { getDocumentStore } from "@sluice/core/document-store/document-store";
import { loaderOf, parseLoaders } from "@sluice/core/document-store/loader";
import {
  LoaderInput,
  loaderFrom,
  previewLoader,
  processLoader,
  saveLoader,
} from "@sluice/core/document-store/process-loader";
import { deleteLoader } from "@sluice/core/document-store/vector-store";
import { ChunkView, StoreRow, toChunkView, toStoreRow } from "@sluice/core/document-store/wire";
import type { Deps } from "../deps.ts";
import { body, IdParam, json, routes } from "../json.ts";
import { base, Document, may } from "./document-store-parts.ts";
import { formAsLoaderInput } from "./form-files.ts";

const preview = createRoute({
  method: "post",
  path: `${base}/loader/preview`,
  summary: "See what chunks a loader would give",
  middleware: [may("preview-process"), formAsLoaderInput] as const,
  request: { body: body(LoaderInput) },
  responses: {
    200: json(
      z.object({
        chunks: z.array(Document),
        totalChunks: z.number(),
        previewChunkCount: z.number(),
      }),
      "The first chunks",
    ),
  },
});

const save = createRoute({
  method: "post",
  path: `${base}/loader/save`,
  summary: "Save a loader of a document store",
  middleware: [may("preview-process"), formAsLoaderInput] as const,
  request: { body: body(LoaderInput) },
  responses: { 200: json(z.looseObject({ id: z.string() }), "The loader") },
});

const ChunkPage = z.object({
  chunks: z.array(ChunkView),
  count: z.number(),
  file: z.unknown().optional(),
  currentPage: z.number(),
  storeName: z.string(),
  description: z.string().nullable(),
});

const process = createRoute({
  method: "post",
  path: `${base}/loader/process/{loaderId}`,
  summary: "Keep the chunks that a loader gives",
  middleware: [may("preview-process"), formAsLoaderInput] as const,
  request: { params: z.object({ loaderId: z.string() }), body: body(LoaderInput) },
  responses: { 200: json(ChunkPage, "The first chunks") },
});

const removeLoader = createRoute({
  method: "delete",
  path: `${base}/loader/{id}/{loaderId}`,
  summary: "Delete a loader with its chunks, files and vectors",
  middleware: [may("delete-loader")] as const,
  request: { params: IdParam.extend({ loaderId: z.string() }) },
  responses: { 200: json(StoreRow, "The store") },
});

const chunks = createRoute({
  method: "get",
  path: `${base}/chunks/{storeId}/{fileId}/{pageNo}`,
  summary: "List chunks of a loader, or of all with `all`; 50 to a page",
  middleware: [may("view")] as const,
  request: {
    params: z.object({
      storeId: z.string(),
      fileId: z.string(),
      pageNo: z.coerce.number().int().min(1).max(1_000_000),
    }),
  },
  responses: { 200: json(ChunkPage, "A page") },
});

const ChunkParams = z.object({ storeId: z.string(), loaderId: z.string(), chunkId: z.string() });

const changeChunk = createRoute({
  method: "put",
  path: `${base}/chunks/{storeId}/{loaderId}/{chunkId}`,
  summary: "Change a chunk; the vector store follows at the next insertion",
  middleware: [may("update")] as const,
  request: { params: ChunkParams, body: body(Document) },
  responses: { 200: json(ChunkPage, "The first chunks") },
});

const removeChunk = createRoute({
  method: "delete",
  path: `${base}/chunks/{storeId}/{loaderId}/{chunkId}`,
  summary: "Delete a chunk; the vector store follows at the next insertion",
  middleware: [may("delete")] as const,
  request: { params: ChunkParams },
  responses: { 200: json(ChunkPage, "The first chunks") },
});

/** What document stores load, and the chunks that come of it. */
export const documentStoreLoaderRoutes = (deps: Deps) => {
  const { db, knowledge } = deps;

  async function chunkPage(storeId: string, fileId: string, page: number) {
    const row = await getDocumentStore(db, storeId);
    const file = fileId === "all" ? undefined : loaderOf(parseLoaders(row.loaders), fileId);
    const found = await pageOfChunks(db, storeId, file?.id, page);
    return {
      chunks: found.chunks.map(toChunkView),
      count: found.count,
      ...(file && { file }),
      currentPage: page,
      storeName: row.name,
      description: row.description,
    };
  }

  return routes(deps, "document-store")
    .openapi(preview, async (c) => {
      const input = c.req.valid("json");
      return c.json(
        await knowledge.fill((parts, signal) => previewLoader(parts, input, signal)),
        200,
      );
    })
    .openapi(save, async (c) => {
      const input = c.req.valid("json");
      const saved = await knowledge.ask(async (parts) => {
        const { storeId, loader } = await loaderFrom(parts, input);
        return saveLoader(parts, storeId, loader);
      });
      return c.json(saved, 200);
    })
    .openapi(process, async (c) => {
      const input = { ...c.req.valid("json"), id: c.req.valid("param").loaderId };
      const { storeId, loader } = await knowledge.fill(async (parts, signal) => {
        const described = await loaderFrom(parts, input);
        await saveLoader(parts, described.storeId, described.loader);
        await processLoader(parts, described.storeId, described.loader.id, signal);
        return described;
      });
      return c.json(await chunkPage(storeId, loader.id, 1), 200);
    })
    .openapi(removeLoader, async (c) => {
      const { id, loaderId } = c.req.valid("param");
      const row = await knowledge.ask((parts, signal) => deleteLoader(parts, id, loaderId, signal));
      return c.json(toStoreRow(row), 200);
    })
    .openapi(chunks, async (c) => {
      const { storeId, fileId, pageNo } = c.req.valid("param");
      return c.json(await chunkPage(storeId, fileId, pageNo), 200);
    })
    .openapi(changeChunk, async (c) => {
      const { storeId, loaderId: docId, chunkId } = c.req.valid("param");
      await editChunk(db, { storeId, docId, chunkId }, c.req.valid("json"));
      return c.json(await chunkPage(storeId, docId, 1), 200);
    })
    .openapi(removeChunk, async (c) => {
      const { storeId, loaderId: docId, chunkId } = c.req.valid("param");
      await editChunk(db, { storeId, docId, chunkId }, undefined);
      return c.json(await chunkPage(storeId, docId, 1), 200);
    });
};
