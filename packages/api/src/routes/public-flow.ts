import { createRoute, z } from "@hono/zod-openapi";
import { Chatflow } from "@sluice/core/flow/chatflow";
import { getFlow } from "@sluice/core/flow/flow";
import { isStreamable } from "@sluice/core/flow/is-streamable";
import { publicConfig, publicGraph, toPublicChatflow } from "@sluice/core/flow/public-view";
import { anyEnabled, Uploads, uploadsOf } from "@sluice/core/flow/uploads";
import { FlowGraph } from "@sluice/engine/graph";
import type { Deps } from "../deps.ts";
import { IdParam, json, routes } from "../json.ts";

const streaming = createRoute({
  method: "get",
  path: "/api/v1/chatflows-streaming/{id}",
  summary: "Tell whether a flow streams",
  request: { params: IdParam },
  responses: { 200: json(z.object({ isStreaming: z.boolean() }), "Whether it does") },
});

const uploads = createRoute({
  method: "get",
  path: "/api/v1/chatflows-uploads/{id}",
  summary: "Tell what a flow takes as uploads",
  request: { params: IdParam },
  responses: { 200: json(Uploads, "Kinds and sizes") },
});

const view = createRoute({
  method: "get",
  path: "/api/v1/public-chatflows/{id}",
  summary: "Get a public flow without its inner workings",
  request: { params: IdParam },
  responses: {
    200: json(Chatflow, "The flow"),
    401: json(z.object({ message: z.string() }), "The flow is not public"),
  },
});

const chatbot = createRoute({
  method: "get",
  path: "/api/v1/public-chatbotConfig/{id}",
  summary: "Get the settings of a flow's chat window",
  request: { params: IdParam },
  responses: {
    200: json(
      z.looseObject({ uploads: Uploads, flowData: z.string(), isTTSEnabled: z.boolean() }),
      "Settings, as the chat widget reads them",
    ),
  },
});

/** What a chat window asks before the first question; needs no key. */
export const publicFlowRoutes = (deps: Deps) => {
  const { db } = deps;
  return routes(deps)
    .openapi(streaming, async (c) => {
      const flow = await getFlow(db, c.req.valid("param").id);
      const isStreaming = isStreamable(flow, FlowGraph.parse(JSON.parse(flow.flow_data)));
      return c.json({ isStreaming }, 200);
    })
    .openapi(uploads, async (c) =>
      c.json(uploadsOf(await getFlow(db, c.req.valid("param").id)), 200),
    )
    .openapi(view, async (c) => {
      const flow = await getFlow(db, c.req.valid("param").id);
      if (!flow.is_public) return c.json({ message: "Unauthorized" }, 401);
      return c.json(toPublicChatflow(flow), 200);
    })
    .openapi(chatbot, async (c) => {
      const flow = await getFlow(db, c.req.valid("param").id);
      const reply = {
        ...publicConfig(flow),
        uploads: uploadsOf(flow),
        flowData: publicGraph(flow.flow_data),
        isTTSEnabled: anyEnabled(flow.text_to_speech),
      };
      return c.json(reply, 200);
    });
};
