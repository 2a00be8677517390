import type { Db } from "@sluice/core/database/open-database";
import type { Scrape } from "@sluice/core/metrics/open-metrics";
import type { MeasuredRequest } from "@sluice/core/metrics/request-metrics";
import type { RunMetrics } from "@sluice/core/metrics/run-metrics";
import type { FleetReading } from "@sluice/core/prediction/read-fleet";
import type { Attempt } from "@sluice/core/webhook/delivery";
import type { Config } from "./config.ts";

export interface ApiMetrics {
  scrape: Scrape;
  answered(request: MeasuredRequest): void;
  webhookAttempted(outcome: Attempt["outcome"]): void;
  /** Only where predictions run in this process. */
  runs: RunMetrics | undefined;
  watchFleet(read: () => Promise<FleetReading>): void;
}

/** What an API process measures; nothing of it is loaded where metrics are off. */
export async function openApiMetrics(
  config: Pick<Config, "MODE" | "METRICS_SERVICE_NAME" | "METRICS_INCLUDE_NODE_METRICS">,
  db: Db,
  version: string,
): Promise<ApiMetrics> {
  const [
    { openMetrics },
    { requestMetrics },
    { runMetrics },
    { fleetMetrics },
    { webhookMetrics },
  ] = await Promise.all([
    import("@sluice/core/metrics/open-metrics"),
    import("@sluice/core/metrics/request-metrics"),
    import("@sluice/core/metrics/run-metrics"),
    import("@sluice/core/metrics/fleet-metrics"),
    import("@sluice/core/metrics/webhook-metrics"),
  ]);
  const { registry, scrape } = openMetrics({
    app: config.METRICS_SERVICE_NAME,
    nodeMetrics: config.METRICS_INCLUDE_NODE_METRICS,
  });
  return {
    scrape,
    answered: requestMetrics(registry, version).answered,
    webhookAttempted: webhookMetrics(registry, db).attempted,
    runs: config.MODE === "main" ? runMetrics(registry) : undefined,
    watchFleet: (read) => fleetMetrics(registry, read),
  };
}
