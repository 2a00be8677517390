import { Counter, Histogram, type Registry } from "prom-client";
import type { PredictionState } from "../prediction/prediction.ts";

/** What one prediction took. Milliseconds. */
export interface MeasuredRun {
  state: PredictionState;
  waitedMs: number;
  ranMs: number;
  /** From acceptance to the first token; undefined when none came. */
  firstTokenMs: number | undefined;
  inputTokens: number;
  outputTokens: number;
}

export interface RunMetrics {
  ended(run: MeasuredRun): void;
}

const waits = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const runs = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600];

/** Observed once per prediction, at its end. */
export function runMetrics(registry: Registry): RunMetrics {
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers });
  const ended = new Counter({
    name: "sluice_predictions_total",
    help: "Predictions that ended or paused here",
    labelNames: ["state"],
    registers,
  });
  const tokens = new Counter({
    name: "sluice_tokens_total",
    help: "Tokens as the model providers count them",
    labelNames: ["kind"],
    registers,
  });
  const waited = histogram(
    "sluice_queue_wait_seconds",
    "From acceptance until a worker begins",
    waits,
  );
  const ran = histogram("sluice_run_seconds", "From the begin of a run to its end", runs);
  const firstToken = histogram(
    "sluice_first_token_seconds",
    "From acceptance to the first token of the answer",
    runs,
  );
  return {
    ended(run) {
      ended.inc({ state: run.state });
      waited.observe(run.waitedMs / 1000);
      ran.observe(run.ranMs / 1000);
      if (run.firstTokenMs !== undefined) firstToken.observe(run.firstTokenMs / 1000);
      if (run.inputTokens > 0) tokens.inc({ kind: "input" }, run.inputTokens);
      if (run.outputTokens > 0) tokens.inc({ kind: "output" }, run.outputTokens);
    },
  };
}
