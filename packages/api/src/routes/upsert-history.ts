import { createRoute, z } from "@hono/zod-openapi";
import {
  deleteUpserts,
  listUpserts,
  toUpsertHistoryReply,
  UpsertHistoryPatch,
  UpsertHistoryReply,
} from "@sluice/core/upsert/upsert-history";
import type { Deps } from "../deps.ts";
import { body, DateQuery, Deleted, deleted, IdParam, json, routes } from "../json.ts";

const list = createRoute({
  method: "get",
  path: "/api/v1/upsert-history/{id}",
  summary: "List the upserts of a chatflow",
  request: {
    params: IdParam,
    query: z.object({
      order: z.enum(["ASC", "DESC"]).optional(),
      startDate: DateQuery,
      endDate: DateQuery,
    }),
  },
  responses: { 200: json(z.array(UpsertHistoryReply), "What each did") },
});

const patch = createRoute({
  method: "patch",
  path: "/api/v1/upsert-history",
  summary: "Forget upserts",
  request: { body: body(UpsertHistoryPatch) },
  responses: { 200: json(Deleted, "How many there were") },
});

/** What was indexed of chatflows, and when. */
export const upsertHistoryRoutes = (deps: Deps) =>
  routes(deps, "upsert-history")
    .openapi(list, async (c) => {
      const rows = await listUpserts(deps.db, c.req.valid("param").id, c.req.valid("query"));
      return c.json(rows.map(toUpsertHistoryReply), 200);
    })
    .openapi(patch, async (c) =>
      c.json(deleted(await deleteUpserts(deps.db, c.req.valid("json"))), 200),
    );
