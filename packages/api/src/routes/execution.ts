import { createRoute, z } from "@hono/zod-openapi";
import { AppError, notFound } from "@sluice/core/error";
import {
  deleteExecutions,
  ExecutionPatch,
  getExecution,
  listExecutions,
  updateExecution,
} from "@sluice/core/execution/execution";
import { ExecutionReply, toExecutionReply, toPublicExecution } from "@sluice/core/execution/wire";
import type { Deps } from "../deps.ts";
import { body, DateQuery, IdParam, json, ListQuery, PageQuery, routes } from "../json.ts";
import { allow } from "../permission.ts";

const Gone = z.object({ success: z.boolean(), deletedCount: z.number() });

const list = createRoute({
  method: "get",
  path: "/api/v1/executions",
  summary: "List runs of agentflows",
  middleware: [allow("executions:view")] as const,
  request: {
    query: PageQuery.extend({
      id: z.string().optional(),
      agentflowId: z.string().optional(),
      agentflowName: z.string().optional(),
      sessionId: z.string().optional(),
      state: ListQuery,
      startDate: DateQuery,
      endDate: DateQuery,
    }),
  },
  responses: {
    200: json(z.object({ data: z.array(ExecutionReply), total: z.number() }), "A page of runs"),
  },
});

const get = createRoute({
  method: "get",
  path: "/api/v1/executions/{id}",
  summary: "Get a run",
  middleware: [allow("executions:view")] as const,
  request: { params: IdParam },
  responses: { 200: json(ExecutionReply, "The run") },
});

const update = createRoute({
  method: "put",
  path: "/api/v1/executions/{id}",
  summary: "Show a run to everybody, or no longer",
  middleware: [allow("executions:update")] as const,
  request: { params: IdParam, body: body(ExecutionPatch) },
  responses: { 200: json(ExecutionReply, "The run") },
});

const remove = createRoute({
  method: "delete",
  path: "/api/v1/executions/{id}",
  summary: "Delete a run",
  middleware: [allow("executions:delete")] as const,
  request: { params: IdParam },
  responses: { 200: json(Gone, "How many were there") },
});

const removeMany = createRoute({
  method: "delete",
  path: "/api/v1/executions",
  summary: "Delete runs",
  middleware: [allow("executions:delete")] as const,
  request: { body: body(z.object({ executionIds: z.array(z.string()).min(1).max(1_000) })) },
  responses: { 200: json(Gone, "How many were there") },
});

const view = createRoute({
  method: "get",
  path: "/api/v1/public-executions/{id}",
  summary: "Get a run that is shown to everybody",
  request: { params: IdParam },
  responses: { 200: json(ExecutionReply, "The run, without ids of credentials") },
});

/** Records of agentflow runs. */
export const executionRoutes = (deps: Deps) => {
  const { db } = deps;
  return routes(deps, "executions")
    .openapi(list, async (c) => {
      const { state, ...filter } = c.req.valid("query");
      const { data, total } = await listExecutions(db, { ...filter, states: state });
      return c.json({ data: data.map(toExecutionReply), total }, 200);
    })
    .openapi(get, async (c) => {
      const row = await getExecution(db, c.req.valid("param").id).catch(
        asService("executionsService.getExecutionById"),
      );
      return c.json(toExecutionReply(row), 200);
    })
    .openapi(update, async (c) => {
      const row = await updateExecution(db, c.req.valid("param").id, c.req.valid("json")).catch(
        asService("executionsService.updateExecution"),
      );
      return c.json(toExecutionReply(row), 200);
    })
    .openapi(remove, async (c) => {
      const deletedCount = await deleteExecutions(db, [c.req.valid("param").id]);
      return c.json({ success: true, deletedCount }, 200);
    })
    .openapi(removeMany, async (c) => {
      const deletedCount = await deleteExecutions(db, c.req.valid("json").executionIds);
      return c.json({ success: true, deletedCount }, 200);
    })
    .openapi(view, async (c) => {
      const { id } = c.req.valid("param");
      const row = await getExecution(db, id);
      if (!row.is_public) throw notFound("Execution", id);
      return c.json(toPublicExecution(row), 200);
    });
};

/** Flowise answers for a run that is missing as if it had failed, naming its service. */
const asService = (service: string) => (error: unknown) => {
  if (!(error instanceof AppError)) throw error;
  throw new AppError("failed", `Error: ${service} - ${error.message}`, { cause: error });
};
