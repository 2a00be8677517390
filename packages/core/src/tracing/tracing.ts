import type { RunTrace } from "@sluice/engine/run-trace";
import type { PredictionEvent, PredictionJob, PredictionState } from "../prediction/prediction.ts";

/** Spans of one process. Absent where tracing is off: nothing of it is loaded then. */
export interface Tracing {
  /** Serves a request inside a span, which continues its caller's trace. */
  request(
    request: { method: string; traceparent: string | undefined; tracestate: string | undefined },
    serve: (answered: (route: string, status: number) => void) => Promise<void>,
  ): Promise<void>;
  /** What a job carries of the span that is current, so that its run belongs to the same trace. */
  carried(): TraceCarrier | undefined;
  /** Runs a prediction inside a span below the one that its job carries. */
  prediction(
    job: PredictionJob,
    fence: number,
    run: (trace: PredictionTrace) => Promise<void>,
  ): Promise<void>;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** W3C's `traceparent` and `tracestate`; no other header of the caller travels. */
export type TraceCarrier = Record<string, string>;

export interface PredictionTrace extends RunTrace {
  /** Nodes begin and end by their events. */
  note(event: PredictionEvent): void;
  ended(state: PredictionState): void;
}
