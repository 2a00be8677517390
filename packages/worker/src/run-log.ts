import type { Log } from "@sluice/core/log";
import type { RunMetrics } from "@sluice/core/metrics/run-metrics";

/** One line for each end, which the deployment's alarms count; the metrics, where they are on, hear of it too. */
export function logRuns(log: Log, metrics: RunMetrics | undefined): RunMetrics {
  return {
    ended(run) {
      const { state, waitedMs, ranMs } = run;
      log.info({ metric: "ended", state, waitedMs, ranMs }, "Prediction ended");
      metrics?.ended(run);
    },
  };
}
