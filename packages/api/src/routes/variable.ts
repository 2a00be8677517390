import { createRoute, z } from "@hono/zod-openapi";
import { workspaceId } from "@sluice/core/database/workspace";
import {
  createVariable,
  deleteVariable,
  listVariables,
  updateVariable,
  type Variable,
  VariableInput,
  VariablePatch,
} from "@sluice/core/variable/variable";
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
  value: z.string(),
  type: z.string(),
  createdDate: z.string(),
  updatedDate: z.string(),
  workspaceId: z.string(),
});

const list = createRoute({
  method: "get",
  path: "/api/v1/variables",
  summary: "List variables",
  middleware: [allow("variables:view")] as const,
  request: { query: PageQuery },
  responses: { 200: json(listOf(Reply), "Variables") },
});

const create = createRoute({
  method: "post",
  path: "/api/v1/variables",
  summary: "Store a variable",
  middleware: [allow("variables:create")] as const,
  request: { body: body(VariableInput) },
  responses: { 200: json(Reply, "The variable") },
});

const update = createRoute({
  method: "put",
  path: "/api/v1/variables/{id}",
  summary: "Change the given fields of a variable",
  middleware: [allow("variables:create", "variables:update")] as const,
  request: { params: IdParam, body: body(VariablePatch) },
  responses: { 200: json(Reply, "The variable") },
});

const remove = createRoute({
  method: "delete",
  path: "/api/v1/variables/{id}",
  summary: "Delete a variable",
  middleware: [allow("variables:delete")] as const,
  request: { params: IdParam },
  responses: { 200: json(Deleted, "How many were there") },
});

/** Variables that flows read as `$vars`. */
export const variableRoutes = (deps: Deps) => {
  const { db, onConfigurationChanged } = deps;
  return routes(deps, "variables")
    .openapi(list, async (c) => {
      const page = c.req.valid("query");
      return c.json(listReply(await listVariables(db, page), page, toReply), 200);
    })
    .openapi(create, async (c) => {
      const row = await createVariable(db, c.req.valid("json"));
      await onConfigurationChanged();
      return c.json(toReply(row), 200);
    })
    .openapi(update, async (c) => {
      const row = await updateVariable(db, c.req.valid("param").id, c.req.valid("json"));
      await onConfigurationChanged();
      return c.json(toReply(row), 200);
    })
    .openapi(remove, async (c) => {
      const affected = await deleteVariable(db, c.req.valid("param").id);
      await onConfigurationChanged();
      return c.json(deleted(affected), 200);
    });
};

const toReply = (row: Variable) => ({
  id: row.id,
  name: row.name,
  value: row.value,
  type: row.type,
  createdDate: row.created_date.toISOString(),
  updatedDate: row.updated_date.toISOString(),
  workspaceId,
});
