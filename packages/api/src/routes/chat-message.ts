import { createRoute, z } from "@hono/zod-openapi";
import { listMessages } from "@sluice/core/conversation/chat-message";
import { deleteConversations } from "@sluice/core/conversation/delete-conversations";
import { MessageReply, toMessageReply } from "@sluice/core/conversation/wire";
import { checkFlowId } from "@sluice/core/flow/flow";
import type { Deps } from "../deps.ts";
import {
  DateQuery,
  Deleted,
  deleted,
  IdParam,
  json,
  ListQuery,
  PageQuery,
  routes,
} from "../json.ts";

const Filter = z.object({
  chatType: ListQuery,
  chatId: z.string().optional(),
  memoryType: z.string().optional(),
  sessionId: z.string().optional(),
  startDate: DateQuery,
  endDate: DateQuery,
});

const Query = Filter.extend({
  messageId: z.string().optional(),
  order: z.enum(["ASC", "DESC"]).optional(),
  feedback: z.string().optional(),
  feedbackType: ListQuery,
  ...PageQuery.shape,
});

const list = createRoute({
  method: "get",
  path: "/api/v1/chatmessage/{id}",
  summary: "List a flow's messages",
  request: { params: IdParam, query: Query },
  responses: { 200: json(z.array(MessageReply), "Messages in order") },
});

const listInternal = createRoute({
  method: "get",
  path: "/api/v1/internal-chatmessage/{id}",
  summary: "List messages written in the user interface",
  request: { params: IdParam, query: Query },
  responses: { 200: json(z.array(MessageReply), "Messages in order") },
});

const remove = createRoute({
  method: "delete",
  path: "/api/v1/chatmessage/{id}",
  summary: "Delete messages, and the files of conversations that nothing is left of",
  description:
    "With `chatId` or `hardDelete` memories outside are cleared, too; `hardDelete` takes executions along.",
  request: { params: IdParam, query: Filter.extend({ hardDelete: z.string().optional() }) },
  responses: { 200: json(Deleted, "How many there were") },
});

/** Stored conversations. */
export const chatMessageRoutes = (deps: Deps) => {
  const { db } = deps;
  const read = async (flowId: string, query: z.output<typeof Query>) => {
    checkFlowId(flowId);
    const { chatType, feedback, feedbackType, order = "ASC", ...rest } = query;
    const rows = await listMessages(db, flowId, {
      ...rest,
      order,
      chatTypes: chatType,
      feedback: feedback === "true",
      ratings: feedbackType,
    });
    return rows.map(toMessageReply);
  };
  return routes(deps, "chatmessage", "internal-chatmessage")
    .openapi(list, async (c) =>
      c.json(await read(c.req.valid("param").id, c.req.valid("query")), 200),
    )
    .openapi(listInternal, async (c) => {
      const query = { ...c.req.valid("query"), chatType: ["INTERNAL"] };
      return c.json(await read(c.req.valid("param").id, query), 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid("param");
      checkFlowId(id);
      const { chatType, hardDelete, ...filter } = c.req.valid("query");
      const which = { ...filter, chatTypes: chatType };
      const gone = await deleteConversations(deps, id, which, { hard: hardDelete === "true" });
      return c.json(deleted(gone), 200);
    });
};
