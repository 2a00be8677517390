import { OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "@sluice/core/error";
import { parseInput } from "@sluice/core/parse-input";
import type { PredictionRequest } from "@sluice/core/prediction/prediction";
import { flowiseCallback } from "@sluice/core/webhook/flowise-callback";
import { type WebhookPayload, webhookText } from "@sluice/engine/webhook-input";
import type { Context } from "hono";
import { acceptAndEnqueue } from "../accept-and-enqueue.ts";
import { admit } from "../admit.ts";
import { answered, streamed } from "../answer.ts";
import type { Deps } from "../deps.ts";
import { errorBody } from "../error.ts";
import { ConversationId, HumanInput } from "../prediction-input.ts";
import { parseBody, readText } from "../read-body.ts";
import { enqueue, newJob } from "../submit.ts";
import { webhookTarget } from "../webhook-target.ts";
import {
  checkParameters,
  checkSignature,
  shownHeaders,
  signatureHeaderOf,
  type WebhookTrigger,
} from "../webhook-trigger.ts";

/** Calls that start a flow whose Start node is a webhook trigger. */
export function webhookRoutes(deps: Deps) {
  const app = new OpenAPIHono();
  app.all("/api/v1/webhook/:id", async (c) => {
    const admitted = await admit(deps, c, c.req.param("id"));
    if (admitted instanceof Response) return admitted;
    const trigger = admitted.flow.webhook;
    if (!trigger)
      throw new AppError(
        "not_found",
        `Chatflow ${admitted.flow.id} is not configured as a webhook`,
      );
    deps.outlook.check({
      deadlineAt: Date.now() + deps.settings.predictionTimeoutMs,
      connected: trigger.webhookResponseMode !== "async",
    });
    const method = trigger.webhookMethod || "POST";
    if (c.req.method !== method)
      return c.json(errorBody(405, `Method ${c.req.method} not allowed. Expected ${method}`), 405);
    const raw = await readText(c, deps.settings.maxBodyBytes);
    checkSignature(trigger, raw, c.req.header(signatureHeaderOf(trigger)));
    const refused = wrongType(c, trigger);
    if (refused) return refused;
    const payload: WebhookPayload = {
      body: bodyOf(c, raw),
      headers: shownHeaders(c.req.raw.headers, signatureHeaderOf(trigger)),
      query: c.req.query(),
    };
    const { humanInput, chatId, sessionId, ...body } = payload.body;
    const webhook = { ...payload, body };
    const answer = humanInputOf(humanInput);
    if (!answer) checkParameters(trigger, webhook);
    const read = {
      request: answer ?? (await requestOf(trigger, webhook)),
      stream: trigger.webhookResponseMode === "stream",
      chatId: conversationOrNone(chatId),
      sessionId: conversationOrNone(sessionId),
    };
    const job = await newJob(deps, admitted, read, { stream: read.stream, chatType: "WEBHOOK" });
    c.header("x-prediction-id", job.id);
    if (trigger.webhookResponseMode === "async") {
      const accepted = { ...job, stream: true, replyTo: "" };
      // A paused run that goes on has its row.
      if (answer) await enqueue(deps, accepted).catch(() => {});
      else await acceptAndEnqueue(deps, { job: accepted, webhook: callbackOf(deps, trigger) });
      return c.json({ chatId: job.chatId, status: "PROCESSING" }, 202);
    }
    return read.stream ? streamed(deps, c, job) : answered(deps, c, job);
  });
  return app;
}

/** Sent from the outbox of the run's end. */
function callbackOf(
  { credentialKey, webhooks }: Deps,
  { callbackUrl, callbackSecret }: WebhookTrigger,
) {
  if (!callbackUrl) return undefined;
  return flowiseCallback(
    credentialKey,
    webhookTarget(webhooks.policy, callbackUrl),
    callbackSecret,
  );
}

async function requestOf(
  trigger: WebhookTrigger,
  webhook: WebhookPayload,
): Promise<PredictionRequest> {
  switch (trigger.webhookInputMode || "text") {
    case "none":
      return { webhook, question: " " };
    case "payload":
      return { webhook };
    default:
      return { webhook, question: await webhookText(trigger.webhookDefaultInput, webhook) };
  }
}

const conversationOrNone = (value: unknown) =>
  typeof value === "string" && value !== "" ? parseInput(ConversationId, value) : undefined;

/** A human's answer to a run that a webhook began; the rest of such a payload says nothing. */
function humanInputOf(value: unknown): PredictionRequest | undefined {
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  return { humanInput: parseInput(HumanInput, value) };
}

const readable = ["application/json", "application/x-www-form-urlencoded"];
const typeOf = (c: Context) =>
  (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

/** Types that nobody reads count as no body; of the two that are read only the flow's own passes. */
function wrongType(c: Context, { webhookContentType }: WebhookTrigger): Response | undefined {
  const type = typeOf(c);
  if (!webhookContentType || !readable.includes(type) || type === webhookContentType)
    return undefined;
  return c.json(
    errorBody(415, `Content-Type ${type} not supported. Expected ${webhookContentType}`),
    415,
  );
}

/** A form with a `payload` field holds its JSON there, as some services send it. */
function bodyOf(c: Context, raw: string): Record<string, unknown> {
  const body = parseBody(typeOf(c), raw);
  if (typeof body !== "object" || body === null || Array.isArray(body)) return {};
  const { payload } = body as { payload?: unknown };
  if (typeOf(c) === "application/x-www-form-urlencoded" && typeof payload === "string") {
    const inner = parseBody("application/json", payload);
    if (typeof inner === "object" && inner !== null) return inner as Record<string, unknown>;
  }
  return body as Record<string, unknown>;
}
