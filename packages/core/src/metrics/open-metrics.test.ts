import { expect, test } from "vitest";
import { fleetMetrics } from "./fleet-metrics.ts";
import { openMetrics } from "./open-metrics.ts";
import { requestMetrics } from "./request-metrics.ts";
import { runMetrics } from "./run-metrics.ts";

const open = () => openMetrics({ app: undefined, nodeMetrics: false });

test("Flowise's names are there before anything was counted, and bear the label app", async () => {
  const metrics = open();
  const { answered } = requestMetrics(metrics.registry, "3.1.4");
  const route = "/api/v1/prediction/:id";
  answered({ method: "POST", route, status: 200, tookMs: 12 });
  answered({ method: "POST", route, status: 429, tookMs: 1, limitedBy: "key" });
  const { text } = await metrics.scrape();
  for (const name of ["agentflow_created", "vector_upserted", "chatflow_prediction_internal"])
    expect(text).toContain(`# TYPE ${name} counter`);
  expect(text).toContain('flowise_version_info{version="3.1.4",app="FlowiseAI"} 1');
  expect(text).toContain('chatflow_prediction_external{status="success",app="FlowiseAI"} 1');
  expect(text).toContain('chatflow_prediction_external{status="failure",app="FlowiseAI"} 1');
  expect(text).toContain(`sluice_limit_hits_total{route="${route}",limit="key",app="FlowiseAI"} 1`);
});

test("the fleet is read once per scrape, and absent while it cannot be read", async () => {
  const metrics = open();
  let reads = 0;
  let away = false;
  fleetMetrics(metrics.registry, async () => {
    reads++;
    if (away) throw new Error("away");
    const workers = [
      { capacity: 200, running: 3 },
      { capacity: 100, running: 4 },
    ];
    return { waiting: 5, active: 7, added: 12, oldestAtMs: Date.now() - 2000, workers };
  });
  const { text } = await metrics.scrape();
  expect(reads).toBe(1);
  expect(text).toContain('sluice_queue_waiting{app="FlowiseAI"} 5');
  expect(text).toContain('sluice_running{app="FlowiseAI"} 7');
  expect(text).toContain('sluice_capacity{app="FlowiseAI"} 300');
  expect(text).toMatch(/sluice_queue_oldest_age_seconds\{app="FlowiseAI"\} 2(\.\d+)?$/m);
  away = true;
  await new Promise((resolve) => setTimeout(resolve, 550));
  expect((await metrics.scrape()).text).not.toMatch(/^sluice_capacity/m);
});

test("a run is observed once, with its state, waits and tokens", async () => {
  const metrics = openMetrics({ app: "mine", nodeMetrics: true });
  const times = { waitedMs: 30, ranMs: 400, firstTokenMs: undefined };
  runMetrics(metrics.registry).ended({
    ...times,
    state: "succeeded",
    inputTokens: 12,
    outputTokens: 0,
  });
  const { text } = await metrics.scrape();
  expect(text).toContain('sluice_predictions_total{state="succeeded",app="mine"} 1');
  expect(text).toContain('sluice_tokens_total{kind="input",app="mine"} 12');
  expect(text).toContain('sluice_run_seconds_sum{app="mine"} 0.4');
  expect(text).toContain('sluice_first_token_seconds_count{app="mine"} 0');
  expect(text).toContain("flowise_nodejs_eventloop_lag_p99_seconds");
});
