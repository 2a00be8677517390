import { collectDefaultMetrics, Registry } from "prom-client";

export interface MetricsOptions {
  /** Label `app` of everything, as in Flowise. */
  app: string | undefined;
  /** Event-loop delay, memory and the like, as `flowise_…`. */
  nodeMetrics: boolean;
}

/** One process's metrics, in Prometheus's text form. */
export function openMetrics({ app, nodeMetrics }: MetricsOptions): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ app: app ?? "FlowiseAI" });
  if (nodeMetrics) collectDefaultMetrics({ register: registry, prefix: "flowise_" });
  return {
    registry,
    scrape: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

export interface Metrics {
  registry: Registry;
  scrape: Scrape;
}
export type Scrape = () => Promise<{ contentType: string; text: string }>;
