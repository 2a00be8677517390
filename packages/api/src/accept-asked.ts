import { AppError } from "@sluice/core/error";
import { findRepeated, type PredictionRow } from "@sluice/core/prediction/accepted-prediction";
import type { Context } from "hono";
import { acceptAndEnqueue } from "./accept-and-enqueue.ts";
import { admit } from "./admit.ts";
import type { Deps, Env } from "./deps.ts";
import { endsWithCallers, type NewPrediction } from "./native-prediction.ts";
import { disconnectHeader } from "./places-of.ts";
import { enqueue, newJob } from "./submit.ts";
import { webhookTarget } from "./webhook-target.ts";

export interface Accepted {
  id: string;
  created: boolean;
  /** Where its new events begin, if it has old ones. */
  after?: string;
  onDisconnect: "cancel" | undefined;
}

/** Stores what a caller of our own API asks for, and queues it; or finds what was stored when it was asked before. */
export async function acceptAsked(
  deps: Deps,
  c: Context<Env>,
  asked: NewPrediction,
): Promise<Accepted> {
  const admitted = await admit(deps, c, asked.flowId);
  if (admitted instanceof Response) {
    // The flow's own words for a limit or an origin, in our own error body.
    const code = admitted.status === 429 ? "limited" : "forbidden";
    throw new AppError(code, await admitted.text());
  }
  const { flowId, chatId, sessionId, deadlineSeconds, priority, metadata, webhook, ...rest } =
    asked;
  const { onDisconnect = disconnectHeader(c), ...request } = rest;
  const apiKeyId = c.get("apiKey")?.id;
  const idempotencyKey = c.req.header("idempotency-key") || undefined;
  const lastsMs = (deadlineSeconds ?? 24 * 3600) * 1000;
  const asks = { apiKeyId, idempotencyKey, asked };
  try {
    deps.outlook.check({ deadlineAt: Date.now() + lastsMs, connected: false });
  } catch (error) {
    // One who asks again for what was accepted asks for no place.
    const earlier = idempotencyKey && (await findRepeated(deps.db, asks));
    if (earlier) return repeated(earlier);
    throw error;
  }
  const hook = webhook && {
    url: webhookTarget(deps.webhooks.policy, webhook.url),
    events: webhook.events ?? [],
  };
  const read = { request, stream: true, chatId, sessionId };
  const made = await newJob(deps, admitted, read, { stream: true, onDisconnect });
  const job = {
    ...made,
    accepted: true,
    replyTo: "",
    priority: priority ?? 0,
    deadlineAt: made.acceptedAt + lastsMs,
  };
  // A paused run that goes on has its row.
  if (job.segment > 0) {
    await enqueue(deps, job).catch(() => {});
    const after = `${job.seedFence}-${Number.MAX_SAFE_INTEGER}`;
    return { id: job.id, created: true, after, onDisconnect: job.onDisconnect };
  }
  const acceptance = { ...asks, job, metadata, webhook: hook };
  const { row, created } = await acceptAndEnqueue(deps, acceptance);
  return created ? { id: row.id, created, onDisconnect: job.onDisconnect } : repeated(row);
}

const repeated = (row: PredictionRow): Accepted => ({
  id: row.id,
  created: false,
  onDisconnect: endsWithCallers(row.job) ? "cancel" : undefined,
});
