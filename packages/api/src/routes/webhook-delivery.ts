import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { notFound } from "@sluice/core/error";
import { findPrediction } from "@sluice/core/prediction/accepted-prediction";
import { type DeliveryRow, listDeliveries, redeliver } from "@sluice/core/webhook/delivery";
import { secretText } from "@sluice/core/webhook/signature";
import { adminOnly } from "../admin.ts";
import type { Deps, Env } from "../deps.ts";
import { IdParam, json } from "../json.ts";

const Problem = z.object({ code: z.string(), message: z.string() }).openapi("Problem");
const problems = {
  401: json(z.object({ error: z.string() }), "No valid API key"),
  404: json(Problem, "There is none"),
};

export const Delivery = z
  .object({
    id: z.string(),
    predictionId: z.string(),
    event: z.string(),
    url: z.string(),
    state: z.enum(["pending", "delivered", "failed"]),
    attempts: z.number(),
    lastStatus: z.number().optional(),
    lastError: z.string().optional(),
    createdAt: z.string(),
    nextAttemptAt: z.string().optional(),
    deliveredAt: z.string().optional(),
  })
  .openapi("Delivery");
export type Delivery = z.infer<typeof Delivery>;

const list = createRoute({
  method: "get",
  path: "/v1/predictions/{id}/deliveries",
  summary: "List what a prediction's webhook was told",
  request: { params: IdParam },
  responses: { 200: json(z.object({ data: z.array(Delivery) }), "Oldest first"), ...problems },
});
const again = createRoute({
  method: "post",
  path: "/v1/deliveries/{id}/redeliver",
  summary: "Send a webhook again",
  description: "Under the same `webhook-id`, whether it was delivered, given up or still waits.",
  request: { params: IdParam },
  responses: { 202: json(Delivery, "It will be sent"), ...problems },
});
const secret = createRoute({
  method: "get",
  path: "/v1/webhook-secret",
  summary: "Show the secret that webhooks are signed with",
  middleware: [adminOnly] as const,
  responses: {
    200: json(z.object({ secret: z.string() }), "As libraries for Standard Webhooks take it"),
    401: problems[401],
    403: json(Problem, "Not an admin key"),
  },
});

/** The log of webhooks. */
export function webhookDeliveryRoutes({ db, transport, webhooks }: Deps) {
  return new OpenAPIHono<Env>()
    .openapi(list, async (c) => {
      const { id } = c.req.valid("param");
      const rows = await listDeliveries(db, id);
      if (rows.length === 0 && !(await findPrediction(db, id)) && !(await transport.find(id)))
        throw notFound("Prediction", id);
      return c.json({ data: rows.map(toDelivery) }, 200);
    })
    .openapi(again, async (c) => {
      const row = await redeliver(db, c.req.valid("param").id);
      webhooks.wake();
      return c.json(toDelivery(row), 202);
    })
    .openapi(secret, (c) => {
      c.header("cache-control", "no-store");
      return c.json({ secret: secretText(webhooks.secret) }, 200);
    });
}

const toDelivery = (row: DeliveryRow): Delivery => ({
  id: row.id,
  predictionId: row.prediction_id,
  event: row.event,
  url: row.url,
  state: row.state as Delivery["state"],
  attempts: row.attempts,
  ...(row.last_status !== null && { lastStatus: row.last_status }),
  ...(row.last_error !== null && { lastError: row.last_error }),
  createdAt: row.created_at.toISOString(),
  ...(row.state === "pending" && { nextAttemptAt: row.next_at.toISOString() }),
  ...(row.delivered_at && { deliveredAt: row.delivered_at.toISOString() }),
});
