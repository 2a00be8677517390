import { AppError } from "@sluice/core/error";
import { getPausedRun, resumePrediction } from "@sluice/core/prediction/paused-run";
import { newId, newPredictionId, type PredictionJob } from "@sluice/core/prediction/prediction";
import { sealRequest } from "@sluice/core/prediction/sealed-request";
import type { Admitted } from "./admit.ts";
import type { Deps } from "./deps.ts";
import { type OnDisconnect, termsOf } from "./places-of.ts";
import type { ReadPrediction } from "./prediction-input.ts";
import { carriedTrace } from "./traced.ts";

/**
 * Makes the job in which a paused run goes on with a human's answer. The answer is stored: from here on the run
 * is not paused any more, and goes on even if the job is never queued.
 */
export async function resumeJob(
  deps: Deps,
  admitted: Admitted,
  read: ReadPrediction,
  {
    stream,
    chatType,
    onDisconnect,
  }: { stream: boolean; chatType: string; onDisconnect: OnDisconnect | undefined },
): Promise<PredictionJob> {
  const { flow, at } = admitted;
  const sessionId = read.sessionId ?? read.chatId;
  if (!sessionId)
    throw new AppError(
      "invalid",
      "humanInput needs the chatId of the conversation whose run waits for it",
    );
  const { startNodeId } = read.request.humanInput ?? {};
  const paused = await getPausedRun(deps.db, flow.id, sessionId, startNodeId);
  const id = paused.state === "paused" ? paused.predictionId : newPredictionId(at);
  const segment = paused.segment + 1;
  const sealedAs = { id, segment };
  const job: PredictionJob = {
    id,
    segment,
    flowId: flow.id,
    flowVersion: paused.flowVersion,
    chatId: read.chatId ?? paused.chatId,
    sessionId,
    messageId: newId(),
    executionId: paused.executionId,
    chatType,
    replyTo: deps.transport.inbox,
    stream,
    newConversation: false,
    acceptedAt: at,
    accepted: true,
    seedFence: paused.fence,
    priority: 0,
    ...termsOf(admitted, sessionId, deps.settings.caps, onDisconnect),
    ...carriedTrace(deps),
    deadlineAt: at + deps.settings.predictionTimeoutMs,
    request: await sealRequest(deps.credentialKey, deps.objects, sealedAs, read.request),
  };
  await resumePrediction(deps.db, paused, job);
  return job;
}
