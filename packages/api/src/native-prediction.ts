import { z } from "@hono/zod-openapi";
import type { PredictionJob, PredictionResult } from "@sluice/core/prediction/prediction";
import type { OpenPrediction } from "@sluice/core/prediction/transport";
import type { PredictionSnapshot } from "@sluice/core/webhook/send";

export const PredictionStates = [
  "queued",
  "running",
  "paused",
  "succeeded",
  "failed",
  "canceled",
  "expired",
] as const;

/** What a caller of our own API asks. */
export const NewPrediction = z
  .object({
    flowId: z.uuid("the id of a flow"),
    question: z.string().optional(),
    form: z.record(z.string(), z.unknown()).optional(),
    history: z
      .array(z.object({ role: z.enum(["userMessage", "apiMessage"]), content: z.string() }))
      .optional(),
    overrideConfig: z.record(z.string(), z.unknown()).optional(),
    uploads: z
      .array(
        z.object({
          type: z.string(),
          name: z.string(),
          mime: z.string().optional(),
          data: z.string().optional(),
        }),
      )
      .max(100)
      .optional(),
    humanInput: z
      .object({
        type: z.enum(["proceed", "reject"]),
        startNodeId: z.string().optional(),
        feedback: z.string().optional(),
      })
      .optional(),
    chatId: z
      .string()
      .min(1)
      .max(500)
      .regex(/^[^\0]*$/)
      .optional(),
    sessionId: z
      .string()
      .min(1)
      .max(500)
      .regex(/^[^\0]*$/)
      .optional(),
    /** Seconds from now; work that has not begun by then is not started. */
    deadlineSeconds: z
      .number()
      .int()
      .min(1)
      .max(7 * 24 * 3600)
      .optional(),
    /** 0 goes first; higher numbers wait behind. */
    priority: z.number().int().min(0).max(10).optional(),
    /** What becomes of it when all who wait for it or stream it have gone; the flow's setting without it. */
    onDisconnect: z.enum(["continue", "cancel"]).optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    webhook: z
      .object({
        url: z.url({ protocol: /^https?$/ }),
        events: z.array(z.enum(PredictionStates).exclude(["queued", "running"])).optional(),
      })
      .optional(),
  })
  .openapi("NewPrediction");
export type NewPrediction = z.infer<typeof NewPrediction>;

export const Prediction = z
  .object({
    id: z.string(),
    flowId: z.string(),
    flowVersion: z.number(),
    state: z.enum(PredictionStates),
    chatId: z.string(),
    sessionId: z.string(),
    text: z.string().optional(),
    error: z.string().optional(),
    action: z.record(z.string(), z.unknown()).optional(),
    executionId: z.string().optional(),
    messageId: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    priority: z.number(),
    onDisconnect: z.literal("cancel").optional(),
    createdAt: z.string(),
    startedAt: z.string().optional(),
    finishedAt: z.string().optional(),
    deadlineAt: z.string().optional(),
  })
  .openapi("Prediction");
export type Prediction = z.infer<typeof Prediction>;

export function toPrediction(row: PredictionSnapshot & { job?: string | null }): Prediction {
  const result = row.result ? (JSON.parse(row.result) as PredictionResult) : undefined;
  const done = row.state === "succeeded" || row.state === "paused";
  return {
    id: row.id,
    flowId: row.flow_id,
    flowVersion: row.flow_version,
    state: row.state as Prediction["state"],
    chatId: row.chat_id,
    sessionId: row.session_id,
    ...(done && result && { text: result.text }),
    ...(row.error && { error: row.error }),
    ...(result?.action && { action: result.action }),
    ...(row.execution_id && result && { executionId: row.execution_id }),
    ...(result && done && { messageId: result.messageId }),
    ...(row.metadata && { metadata: JSON.parse(row.metadata) as Record<string, unknown> }),
    priority: row.priority,
    ...(endsWithCallers(row.job) && { onDisconnect: "cancel" as const }),
    createdAt: row.created_at.toISOString(),
    ...(row.started_at && { startedAt: row.started_at.toISOString() }),
    ...(row.finished_at && { finishedAt: row.finished_at.toISOString() }),
    ...(row.deadline_at && { deadlineAt: row.deadline_at.toISOString() }),
  };
}

/** Inside of JSON's texts quotes are escaped: these are a field's. */
export const endsWithCallers = (job: string | null | undefined) =>
  job?.includes('"onDisconnect":"cancel"') === true;

/** A prediction that only the queue knows of: its caller is connected, its row comes with its end. */
export const toOpenPrediction = ({ job, state }: OpenPrediction): Prediction => ({
  ...ofJob(job),
  state,
});

const ofJob = (job: PredictionJob) => ({
  id: job.id,
  flowId: job.flowId,
  flowVersion: job.flowVersion,
  chatId: job.chatId,
  sessionId: job.sessionId,
  priority: job.priority,
  ...(job.onDisconnect && { onDisconnect: job.onDisconnect }),
  createdAt: new Date(job.acceptedAt).toISOString(),
  deadlineAt: new Date(job.deadlineAt).toISOString(),
});
