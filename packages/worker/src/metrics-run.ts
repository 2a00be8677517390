import type { RunMetrics } from "@sluice/core/metrics/run-metrics";
import type {
  PredictionEvent,
  PredictionJob,
  PredictionState,
} from "@sluice/core/prediction/prediction";

/** Watches one run: notes of its events, and tells the metrics once, at the end. */
export function measureRun(metrics: RunMetrics, job: PredictionJob, startedAt: number) {
  let firstTokenAt = 0;
  let inputTokens = 0;
  let outputTokens = 0;
  return {
    note(event: PredictionEvent): void {
      if (event.type === "text.delta") firstTokenAt ||= Date.now();
      else if (event.type === "usage") {
        inputTokens += event.usage.input_tokens;
        outputTokens += event.usage.output_tokens;
      }
    },
    ended(state: PredictionState): void {
      metrics.ended({
        state,
        // The clock of acceptance is another machine's.
        waitedMs: Math.max(0, startedAt - job.acceptedAt),
        ranMs: Date.now() - startedAt,
        firstTokenMs: firstTokenAt ? Math.max(0, firstTokenAt - job.acceptedAt) : undefined,
        inputTokens,
        outputTokens,
      });
    },
  };
}
