import { createRoute, z } from "@hono/zod-openapi";
import { workspaceId } from "@sluice/core/database/workspace";
import {
  createTool,
  deleteTool,
  getTool,
  listTools,
  type Tool,
  ToolInput,
  ToolPatch,
  updateTool,
} from "@sluice/core/tool/tool";
import type { Deps } from "../deps.ts";
import {
  body,
  Deleted,
  deleted,
  IdParam,
  json,
  listOf,
  listReply,
  PageQuery,
  routes,
} from "../json.ts";
import { allow } from "../permission.ts";

const Reply = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  color: z.string(),
  iconSrc: z.string().nullable(),
  schema: z.string().nullable(),
  func: z.string().nullable(),
  createdDate: z.string(),
  updatedDate: z.string(),
  workspaceId: z.string(),
});

const list = createRoute({
  method: "get",
  path: "/api/v1/tools",
  summary: "List tools",
  middleware: [allow("tools:view")] as const,
  request: { query: PageQuery },
  responses: { 200: json(listOf(Reply), "Tools") },
});

const create = createRoute({
  method: "post",
  path: "/api/v1/tools",
  summary: "Store a tool",
  middleware: [allow("tools:create")] as const,
  request: { body: body(ToolInput) },
  responses: { 200: json(Reply, "The tool") },
});

const get = createRoute({
  method: "get",
  path: "/api/v1/tools/{id}",
  summary: "Get a tool",
  middleware: [allow("tools:view")] as const,
  request: { params: IdParam },
  responses: { 200: json(Reply, "The tool") },
});

const update = createRoute({
  method: "put",
  path: "/api/v1/tools/{id}",
  summary: "Change the given fields of a tool",
  middleware: [allow("tools:create", "tools:update")] as const,
  request: { params: IdParam, body: body(ToolPatch) },
  responses: { 200: json(Reply, "The tool") },
});

const remove = createRoute({
  method: "delete",
  path: "/api/v1/tools/{id}",
  summary: "Delete a tool",
  middleware: [allow("tools:delete")] as const,
  request: { params: IdParam },
  responses: { 200: json(Deleted, "How many were there") },
});

/** Tools that authors wrote themselves. */
export const toolRoutes = (deps: Deps) => {
  const { db, onConfigurationChanged } = deps;
  return routes(deps, "tools")
    .openapi(list, async (c) => {
      const page = c.req.valid("query");
      return c.json(listReply(await listTools(db, page), page, toReply), 200);
    })
    .openapi(create, async (c) => c.json(toReply(await createTool(db, c.req.valid("json"))), 200))
    .openapi(get, async (c) => c.json(toReply(await getTool(db, c.req.valid("param").id)), 200))
    .openapi(update, async (c) => {
      const row = await updateTool(db, c.req.valid("param").id, c.req.valid("json"));
      await onConfigurationChanged();
      return c.json(toReply(row), 200);
    })
    .openapi(remove, async (c) => {
      const affected = await deleteTool(db, c.req.valid("param").id);
      await onConfigurationChanged();
      return c.json(deleted(affected), 200);
    });
};

const toReply = (row: Tool) => ({
  id: row.id,
  name: row.name,
  description: row.description,
  color: row.color,
  iconSrc: row.icon_src,
  schema: row.schema,
  func: row.func,
  createdDate: row.created_date.toISOString(),
  updatedDate: row.updated_date.toISOString(),
  workspaceId,
});
