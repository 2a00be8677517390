import { createRoute, z } from "@hono/zod-openapi";
import {
  createFeedback,
  FeedbackInput,
  FeedbackPatch,
  listFeedback,
  updateFeedback,
} from "@sluice/core/conversation/feedback";
import { FeedbackReply, toFeedbackReply } from "@sluice/core/conversation/wire";
import { AppError } from "@sluice/core/error";
import { checkFlowId } from "@sluice/core/flow/flow";
import type { Deps } from "../deps.ts";
import { body, DateQuery, IdParam, json, routes } from "../json.ts";
import { identify } from "../permission.ts";

const create = createRoute({
  method: "post",
  path: "/api/v1/feedback/{id}",
  summary: "Say what an answer was worth",
  request: { params: IdParam, body: body(FeedbackInput) },
  responses: { 200: json(FeedbackReply, "The feedback") },
});

const update = createRoute({
  method: "put",
  path: "/api/v1/feedback/{id}",
  summary: "Change feedback",
  request: { params: IdParam, body: body(FeedbackPatch) },
  responses: { 200: json(z.object({ status: z.literal("OK") }), "Done") },
});

const list = createRoute({
  method: "get",
  path: "/api/v1/feedback/{id}",
  summary: "List the feedback of a chat or, with a key, of a flow",
  request: {
    params: IdParam,
    query: z.object({
      chatId: z.string().optional(),
      order: z.enum(["ASC", "DESC"]).optional(),
      startDate: DateQuery,
      endDate: DateQuery,
    }),
  },
  responses: { 200: json(z.array(FeedbackReply), "Feedback") },
});

/** What people thought of answers; needs no key. */
export const feedbackRoutes = (deps: Deps) => {
  const { db } = deps;
  const app = routes(deps, "feedback");
  app.use("/api/v1/feedback/*", identify(deps.keys));
  return app
    .openapi(create, async (c) => {
      const { id } = c.req.valid("param");
      checkFlowId(id);
      return c.json(toFeedbackReply(await createFeedback(db, id, c.req.valid("json"))), 200);
    })
    .openapi(update, async (c) => {
      await updateFeedback(db, c.req.valid("param").id, c.req.valid("json"));
      return c.json({ status: "OK" as const }, 200);
    })
    .openapi(list, async (c) => {
      const { id } = c.req.valid("param");
      checkFlowId(id);
      const { order = "ASC", ...filter } = c.req.valid("query");
      // Whoever knows a chat's id may read on in it, so strangers are not given the ids of all chats.
      if (!filter.chatId && !c.get("apiKey"))
        throw new AppError("unauthorized", "All feedback of a flow is listed with a key only");
      const rows = await listFeedback(db, id, { ...filter, order });
      return c.json(rows.map(toFeedbackReply), 200);
    });
};
