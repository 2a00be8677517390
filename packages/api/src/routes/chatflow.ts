import { createRoute, z } from "@hono/zod-openapi";
import { findApiKey } from "@sluice/core/api-key/api-key";
import { isUuid } from "@sluice/core/database/uuid";
import { AppError } from "@sluice/core/error";
import { Chatflow, toChatflow } from "@sluice/core/flow/chatflow";
import {
  createFlow,
  deleteFlow,
  findFlow,
  getFlow,
  listFlows,
  updateFlow,
} from "@sluice/core/flow/flow";
import { FlowInput, FlowPatch } from "@sluice/core/flow/flow-input";
import { OverrideCandidate, overrideCandidates } from "@sluice/core/flow/override-candidate";
import { flowFolder } from "@sluice/core/object-store/upload";
import { FlowType } from "@sluice/engine/graph";
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

const allowed = (...verbs: string[]) =>
  allow(...verbs.flatMap((verb) => [`chatflows:${verb}`, `agentflows:${verb}`]));

const NewFlow = FlowInput.extend({ id: z.string().optional() });

const create = createRoute({
  method: "post",
  path: "/api/v1/chatflows",
  summary: "Store a flow",
  middleware: [allowed("create", "update")] as const,
  request: { body: body(NewFlow) },
  responses: { 200: json(Chatflow, "The flow") },
});

const list = createRoute({
  method: "get",
  path: "/api/v1/chatflows",
  summary: "List flows",
  middleware: [allowed("view", "update")] as const,
  request: { query: PageQuery.extend({ type: FlowType.optional() }) },
  responses: { 200: json(listOf(Chatflow), "Flows, newest change first") },
});

const listByKey = createRoute({
  method: "get",
  path: "/api/v1/chatflows/apikey/{apikey}",
  summary: "List the flows that a key opens",
  request: {
    params: z.object({ apikey: z.string() }),
    query: z.object({ keyonly: z.string().optional() }),
  },
  responses: { 200: json(z.array(Chatflow), "Flows of this key, and those without any") },
});

const get = createRoute({
  method: "get",
  path: "/api/v1/chatflows/{id}",
  summary: "Get a flow",
  middleware: [allowed("view", "update", "delete")] as const,
  request: { params: IdParam },
  responses: { 200: json(Chatflow, "The flow") },
});

const update = createRoute({
  method: "put",
  path: "/api/v1/chatflows/{id}",
  summary: "Change the given fields of a flow",
  middleware: [allowed("create", "update")] as const,
  request: { params: IdParam, body: body(FlowPatch) },
  responses: { 200: json(Chatflow.extend({ webhookSecret: z.null() }), "The flow") },
});

const remove = createRoute({
  method: "delete",
  path: "/api/v1/chatflows/{id}",
  summary: "Delete a flow with its messages and executions",
  middleware: [allowed("delete")] as const,
  request: { params: IdParam },
  responses: { 200: json(Deleted, "How many were there") },
});

const candidates = createRoute({
  method: "get",
  path: "/api/v1/flow-config/{id}",
  summary: "List what overrideConfig could set",
  request: { params: IdParam },
  responses: { 200: json(z.array(OverrideCandidate), "Inputs of all nodes") },
});

/** Flows: `/chatflows` and what belongs to it. */
export const chatflowRoutes = (deps: Deps) => {
  const { db, objects, onFlowChanged } = deps;
  return routes(deps, "chatflows", "flow-config")
    .openapi(create, async (c) => {
      const { id, ...input } = c.req.valid("json");
      // An import keeps its ids; a copy of a flow that is here gets one of its own.
      const free = id && isUuid(id) && !(await findFlow(db, id)) ? id : undefined;
      const flow = await createFlow(db, input, free);
      await onFlowChanged(flow.id);
      return c.json(toChatflow(flow), 200);
    })
    .openapi(list, async (c) => {
      const query = c.req.valid("query");
      return c.json(listReply(await listFlows(db, query), query, toChatflow), 200);
    })
    .openapi(listByKey, async (c) => {
      const key = await findApiKey(db, c.req.valid("param").apikey);
      if (!key) throw new AppError("unauthorized", "Unauthorized");
      const boundOnly = c.req.valid("query").keyonly !== undefined;
      const { data } = await listFlows(db, { keyId: key.id, boundOnly });
      return c.json(data.map(toChatflow), 200);
    })
    .openapi(get, async (c) => c.json(toChatflow(await getFlow(db, c.req.valid("param").id)), 200))
    .openapi(update, async (c) => {
      const flow = await updateFlow(db, c.req.valid("param").id, c.req.valid("json"));
      await onFlowChanged(flow.id);
      return c.json({ ...toChatflow(flow), webhookSecret: null }, 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid("param");
      const affected = await deleteFlow(db, id);
      await onFlowChanged(id);
      await objects.deleteFolder(flowFolder(id));
      return c.json(deleted(affected), 200);
    })
    .openapi(candidates, async (c) =>
      c.json(overrideCandidates(await getFlow(db, c.req.valid("param").id)), 200),
    );
};
