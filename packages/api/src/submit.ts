import { AppError } from "@sluice/core/error";
import { newId, newPredictionId, type PredictionJob } from "@sluice/core/prediction/prediction";
import { dropRequest, sealRequest } from "@sluice/core/prediction/sealed-request";
import type { Admitted } from "./admit.ts";
import type { Deps } from "./deps.ts";
import { type OnDisconnect, termsOf } from "./places-of.ts";
import type { ReadPrediction } from "./prediction-input.ts";
import { resumeJob } from "./resume-job.ts";
import { storeUploads } from "./store-uploads.ts";
import { carriedTrace } from "./traced.ts";

interface JobOptions {
  stream: boolean;
  chatType?: string;
  /** The flow's own unless the caller says. */
  onDisconnect?: OnDisconnect | undefined;
}

/** Makes the job of a prediction that its caller waits for, or of the next segment of one that waits for a human. */
export async function newJob(
  deps: Deps,
  admitted: Admitted,
  read: ReadPrediction,
  { stream, chatType = "EXTERNAL", onDisconnect }: JobOptions,
): Promise<PredictionJob> {
  const { flow, at } = admitted;
  if (read.request.humanInput)
    return resumeJob(deps, admitted, read, { stream, chatType, onDisconnect });
  if (flow.refusal) throw new AppError("unprocessable", flow.refusal);
  const id = newPredictionId(at);
  const chatId = read.chatId ?? read.sessionId ?? newId();
  const request = await storeUploads(deps, { flowId: flow.id, chatId }, read.request);
  const sessionId = read.sessionId ?? read.chatId ?? flow.sessionId ?? chatId;
  return {
    id,
    segment: 0,
    flowId: flow.id,
    flowVersion: flow.version,
    chatId,
    sessionId,
    messageId: newId(),
    executionId: newId(),
    chatType,
    replyTo: deps.transport.inbox,
    stream,
    newConversation: !read.chatId && !read.sessionId && !flow.sessionId,
    acceptedAt: at,
    accepted: false,
    seedFence: 0,
    priority: 0,
    ...termsOf(admitted, sessionId, deps.settings.caps, onDisconnect),
    ...carriedTrace(deps),
    deadlineAt: at + deps.settings.predictionTimeoutMs,
    request: await sealRequest(deps.credentialKey, deps.objects, { id, segment: 0 }, request),
  };
}

/** Puts a job into the queue; a queue that cannot be reached is said so, not waited for. */
export async function enqueue(deps: Deps, job: PredictionJob): Promise<void> {
  try {
    await put(deps, job);
  } catch (error) {
    if (!job.accepted) await dropRequest(deps.objects, job);
    throw error;
  }
}

async function put({ transport, places, outlook, log }: Deps, job: PredictionJob): Promise<void> {
  // What was stored is queued in any case. Many may have come since the request was let in.
  if (!job.accepted) {
    outlook.check({ deadlineAt: job.deadlineAt, connected: true });
    if (job.places) await places.enter(job);
  }
  outlook.added();
  try {
    await transport.add(job);
  } catch (cause) {
    log.error(
      { predictionId: job.id, reason: (cause as Error).message },
      "A prediction could not be queued",
    );
    // It is stored: the reconciler will queue it.
    if (job.accepted) return;
    throw new AppError(
      "unavailable",
      "The service cannot take predictions right now; try again in a moment",
      { cause },
    );
  }
}
