import { checkpointText } from "@sluice/core/prediction/paused-run";
import type {
  PredictionJob,
  PredictionRequest,
  PredictionResult,
  PredictionState,
} from "@sluice/core/prediction/prediction";
import type { NodeRecord } from "@sluice/engine/event";
import type { Outcome } from "@sluice/engine/run";
import { newRunState, type RunState } from "@sluice/engine/run-state";
import { withoutCredentials } from "@sluice/engine/without-credentials";

const pastDeadline = "The prediction waited past its deadline and was not started";

/** An answer that could not be worked off leaves the run as it waited. */
export const failure = (error: string, paused?: RunState): Outcome => ({
  status: "ERROR",
  text: "",
  error,
  run: paused ?? newRunState(""),
});

export const expiry = (paused?: RunState): Outcome => failure(pastDeadline, paused);

export function stateOf({ status, error }: Outcome, canceled: boolean): PredictionState {
  if (error === pastDeadline) return "expired";
  if (status === "FINISHED") return "succeeded";
  if (status === "STOPPED") return "paused";
  return canceled || status === "TERMINATED" ? "canceled" : "failed";
}

/** A run that waits keeps its state; so does one whose answer failed before it did anything. */
export function checkpointAfter(
  { status, run }: Outcome,
  paused: RunState | undefined,
): string | undefined {
  if (status === "STOPPED") return checkpointText(run);
  const untouched = run.resuming !== undefined || run.paused !== undefined;
  return paused && status === "ERROR" && untouched ? checkpointText(paused) : undefined;
}

export function resultOf(
  job: PredictionJob,
  request: PredictionRequest,
  outcome: Outcome,
  startedAt: number,
): PredictionResult {
  return {
    text: outcome.text,
    ...(outcome.error !== undefined && { error: outcome.error }),
    ...(request.question && { question: request.question }),
    ...(request.form && { form: request.form }),
    chatId: job.chatId,
    sessionId: job.sessionId,
    messageId: job.messageId,
    executionId: job.executionId,
    ...(outcome.action && { action: outcome.action }),
    ...(outcome.chat && { chat: outcome.chat }),
    ...(outcome.followUpPrompts && { followUpPrompts: outcome.followUpPrompts }),
    ...(!job.stream && { records: withoutCredentials(outcome.run.records) as NodeRecord[] }),
    startedAt,
    endedAt: Date.now(),
  };
}
