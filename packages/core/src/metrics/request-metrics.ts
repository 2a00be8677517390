import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export interface MeasuredRequest {
  method: string;
  /** The pattern, not the path: `/api/v1/prediction/:id`. */
  route: string;
  status: number;
  tookMs: number;
  /** The limit that refused it. */
  limitedBy?: string | undefined;
}

const created = [
  ...["chatflow_created", "agentflow_created", "assistant_created", "tool_created"],
  ...["custom_mcp_server_created", "vector_upserted"],
];
const predicted = ["chatflow", "agentflow"].flatMap((kind) =>
  ["internal", "external"].map((from) => `${kind}_prediction_${from}`),
);
/** As in Flowise, where a flow of either kind is a chatflow. */
const counted: Record<string, string> = {
  "POST /api/v1/chatflows": "chatflow_created",
  "POST /api/v1/tools": "tool_created",
  "POST /api/v1/prediction/:id": "chatflow_prediction_external",
  "POST /v1/predictions": "chatflow_prediction_external",
  "POST /api/v1/vector/upsert/:id": "vector_upserted",
  "POST /api/v1/vector/internal-upsert/:id": "vector_upserted",
};
const flowiseMs = [1, 5, 15, 50, 100, 200, 300, 400, 500, 1000, 5000, 30_000];

/** Flowise's names, so that its dashboards go on; those of things there are none of here stay at zero. */
export function requestMetrics(registry: Registry, version: string) {
  const registers = [registry];
  const counters = new Map(
    [...created, ...predicted].map((name) => {
      const help = name.replaceAll("_", " ");
      return [name, new Counter({ name, help, labelNames: ["status"], registers })] as const;
    }),
  );
  new Gauge({
    name: "flowise_version_info",
    help: "Version of Flowise that is spoken here",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);
  const took = new Histogram({
    name: "http_request_duration_ms",
    help: "Time to the head of an answer",
    labelNames: ["method", "route", "code"],
    buckets: flowiseMs,
    registers,
  });
  const total = new Counter({
    name: "http_requests_total",
    help: "Requests",
    labelNames: ["method", "path", "status"],
    registers,
  });
  const limited = new Counter({
    name: "sluice_limit_hits_total",
    help: "Requests that a limit refused",
    labelNames: ["route", "limit"],
    registers,
  });
  return {
    answered({ method, route, status, tookMs, limitedBy }: MeasuredRequest): void {
      took.observe({ method, route, code: status }, tookMs);
      total.inc({ method, path: route, status });
      if (status === 429) limited.inc({ route, limit: limitedBy ?? "other" });
      const counter = counters.get(counted[`${method} ${route}`] ?? "");
      counter?.inc({ status: status < 400 ? "success" : "failure" });
    },
  };
}
