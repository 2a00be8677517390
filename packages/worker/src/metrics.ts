import type { Scrape } from "@sluice/core/metrics/open-metrics";
import type { RunMetrics } from "@sluice/core/metrics/run-metrics";
import type { Config } from "./config.ts";

export interface WorkerMetrics {
  runs: RunMetrics;
  scrape: Scrape;
  watch(load: { running(): number; capacity(): number }): void;
}

/** What a worker measures; nothing of it is loaded where metrics are off. */
export async function openWorkerMetrics(
  config: Pick<Config, "METRICS_SERVICE_NAME" | "METRICS_INCLUDE_NODE_METRICS">,
): Promise<WorkerMetrics> {
  const [{ openMetrics }, { runMetrics }, { loadMetrics }] = await Promise.all([
    import("@sluice/core/metrics/open-metrics"),
    import("@sluice/core/metrics/run-metrics"),
    import("@sluice/core/metrics/load-metrics"),
  ]);
  const { registry, scrape } = openMetrics({
    app: config.METRICS_SERVICE_NAME,
    nodeMetrics: config.METRICS_INCLUDE_NODE_METRICS,
  });
  return { runs: runMetrics(registry), scrape, watch: (load) => loadMetrics(registry, load) };
}
