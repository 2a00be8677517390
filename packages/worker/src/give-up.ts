import type { PredictionJob } from "@sluice/core/prediction/prediction";
import { finalWriteOf } from "./final-write-of.ts";
import { checkpointAfter, failure } from "./run-end.ts";
import type { RunnerDeps } from "./run-prediction.ts";

/** The last attempt has failed, too: the prediction ends all the same, and says so. */
export async function giveUp(deps: RunnerDeps, job: PredictionJob, cause: Error): Promise<void> {
  const now = Date.now();
  const paused = job.segment > 0 ? await deps.findCheckpoint(job.id) : undefined;
  const outcome = failure(`The prediction could not be run: ${cause.message}`, paused);
  const result = {
    text: "",
    error: outcome.error!,
    chatId: job.chatId,
    sessionId: job.sessionId,
    messageId: job.messageId,
    executionId: job.executionId,
    startedAt: now,
    endedAt: now,
  };
  const fence = Math.max(job.seedFence, 1_000_000);
  const checkpoint = checkpointAfter(outcome, paused);
  const ended = { state: "failed" as const, fence, result, events: "[]", checkpoint };
  try {
    await deps.writer.write(finalWriteOf(job, {}, outcome, ended));
    await deps.dropRequest(job);
  } finally {
    // Whoever waits is told at once, even of an end that cannot be stored.
    const claim = await deps.transport.claim(job, () => {});
    await claim?.end({ type: "prediction.ended", state: "failed", status: outcome.status, result });
  }
}
