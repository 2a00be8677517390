import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "@sluice/core/error";
import { getFlow } from "@sluice/core/flow/flow";
import {
  deleteFirings,
  findSchedule,
  listFirings,
  type Schedule,
  setScheduleEnabled,
} from "@sluice/core/schedule/schedule";
import type { Deps } from "../deps.ts";
import { body, IdParam, json, routes } from "../json.ts";
import { allow } from "../permission.ts";

const ScheduleRecord = z.object({
  id: z.string(),
  targetId: z.string(),
  enabled: z.boolean(),
  cronExpression: z.string(),
  timezone: z.string(),
  endDate: z.string().nullable(),
});
const Firing = z.object({
  id: z.string(),
  status: z.string(),
  scheduledAt: z.string(),
  predictionId: z.string().nullable(),
  error: z.string().nullable(),
});

const toRecord = (schedule: Schedule) => ({
  id: schedule.flow_id,
  targetId: schedule.flow_id,
  enabled: schedule.enabled,
  cronExpression: schedule.cron,
  timezone: schedule.timezone,
  endDate: schedule.ends_at?.toISOString() ?? null,
});

const view = allow("chatflows:view", "agentflows:view", "chatflows:update", "agentflows:update");
const update = allow("chatflows:update", "agentflows:update");

const status = createRoute({
  method: "get",
  path: "/api/v1/chatflows/{id}/schedule/status",
  summary: "Whether a flow's schedule is on",
  middleware: view,
  request: { params: IdParam },
  responses: {
    200: json(
      z.object({
        enabled: z.boolean(),
        canEnable: z.boolean(),
        reason: z.string().optional(),
        record: ScheduleRecord.nullable(),
      }),
      "The schedule",
    ),
  },
});
const enable = createRoute({
  method: "patch",
  path: "/api/v1/chatflows/{id}/schedule/enabled",
  summary: "Switch a flow's schedule on or off",
  middleware: update,
  request: { params: IdParam, body: body(z.object({ enabled: z.boolean() })) },
  responses: { 200: json(ScheduleRecord, "The schedule") },
});
const logs = createRoute({
  method: "get",
  path: "/api/v1/chatflows/{id}/schedule/trigger-logs",
  summary: "List the firings of a flow's schedule, newest first",
  middleware: view,
  request: {
    params: IdParam,
    query: z.object({
      page: z.coerce.number().int().min(1).default(1),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
  },
  responses: {
    200: json(
      z.object({ data: z.array(Firing), total: z.number(), page: z.number(), limit: z.number() }),
      "Firings",
    ),
  },
});
const removeLogs = createRoute({
  method: "delete",
  path: "/api/v1/chatflows/{id}/schedule/trigger-logs",
  summary: "Forget firings",
  middleware: update,
  request: { params: IdParam, body: body(z.object({ logIds: z.array(z.uuid()).max(1000) })) },
  responses: { 200: json(z.object({ deletedCount: z.number() }), "How many are gone") },
});

/** Schedules of flows: `/chatflows/{id}/schedule`. */
export const scheduleRoutes = (deps: Deps) => {
  const { db, onFlowChanged } = deps;
  return routes(deps, "chatflows")
    .openapi(status, async (c) => {
      const { id } = c.req.valid("param");
      await getFlow(db, id);
      const schedule = await findSchedule(db, id);
      return c.json(
        {
          enabled: schedule?.enabled ?? false,
          canEnable: schedule !== undefined,
          ...(!schedule && { reason: "The flow does not begin with a schedule" }),
          record: schedule ? toRecord(schedule) : null,
        },
        200,
      );
    })
    .openapi(enable, async (c) => {
      const { id } = c.req.valid("param");
      const schedule = await setScheduleEnabled(db, id, c.req.valid("json").enabled);
      if (!schedule) throw new AppError("invalid", "The flow does not begin with a schedule");
      await onFlowChanged(id);
      return c.json(toRecord(schedule), 200);
    })
    .openapi(logs, async (c) => {
      const { page, limit } = c.req.valid("query");
      const { data, total } = await listFirings(db, c.req.valid("param").id, { page, limit });
      const firings = data.map((row) => ({
        id: row.id,
        status: row.status,
        scheduledAt: row.scheduled_at.toISOString(),
        predictionId: row.prediction_id,
        error: row.error,
      }));
      return c.json({ data: firings, total, page, limit }, 200);
    })
    .openapi(removeLogs, async (c) => {
      const { logIds } = c.req.valid("json");
      return c.json(
        { deletedCount: await deleteFirings(db, c.req.valid("param").id, logIds) },
        200,
      );
    });
};
