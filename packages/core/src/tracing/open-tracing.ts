import {
  type Context,
  context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { samplerOf } from "./sampler-of.ts";
import { tracePrediction } from "./trace-prediction.ts";
import type { TraceCarrier, Tracing } from "./tracing.ts";
import { readPairs, type TracingSettings } from "./tracing-settings.ts";

const flushMs = 2000;
const complainEveryMs = 60_000;

export interface TracingLog {
  warn(fields: object, message: string): void;
}

/** Traces of this process, sent to a collector in batches. What cannot be sent is dropped: nothing waits for it. */
export function openTracing(
  settings: TracingSettings,
  url: string,
  process: string,
  log: TracingLog,
): Tracing {
  diag.setLogger(complaints(log), DiagLogLevel.ERROR);
  const headers = {
    ...readPairs(settings.OTEL_EXPORTER_OTLP_HEADERS),
    ...readPairs(settings.OTEL_EXPORTER_OTLP_TRACES_HEADERS),
  };
  const timeoutMillis = settings.OTEL_EXPORTER_OTLP_TIMEOUT;
  const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis });
  const resource = defaultResource().merge(
    resourceFromAttributes({
      "service.name": `sluice-${process}`,
      ...readPairs(settings.OTEL_RESOURCE_ATTRIBUTES),
      ...(settings.OTEL_SERVICE_NAME && { "service.name": settings.OTEL_SERVICE_NAME }),
    }),
  );
  const provider = new TracerProvider({
    resource,
    sampler: samplerOf(settings),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, maxQueueSize: 4096, scheduledDelayMillis: 1000 }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tracer = provider.getTracer("sluice");
  const propagator = new W3CTraceContextPropagator();
  const getter = {
    get: (carrier: TraceCarrier, name: string) => carrier[name],
    keys: (carrier: TraceCarrier) => Object.keys(carrier),
  };
  const parentOf = (carrier: TraceCarrier | undefined): Context =>
    carrier ? propagator.extract(ROOT_CONTEXT, carrier, getter) : ROOT_CONTEXT;

  return {
    async request({ method, traceparent, tracestate }, serve) {
      const parent = parentOf(
        traceparent ? { traceparent, ...(tracestate && { tracestate }) } : undefined,
      );
      const attributes = { "http.request.method": method };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
      try {
        await context.with(trace.setSpan(parent, span), () =>
          serve((route, status) => {
            span.updateName(`${method} ${route}`);
            span.setAttributes({ "http.route": route, "http.response.status_code": status });
            if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
          }),
        );
      } finally {
        span.end();
      }
    },
    carried() {
      if (!trace.getActiveSpan()) return undefined;
      const carrier: TraceCarrier = {};
      propagator.inject(context.active(), carrier, {
        set(into, name, value) {
          into[name] = value;
        },
      });
      return carrier;
    },
    prediction: (job, fence, run) => tracePrediction(tracer, parentOf(job.trace), job, fence, run),
    async close() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, flushMs).unref());
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      context.disable();
      diag.disable();
    },
  };
}

/** What OpenTelemetry has to complain of, now and then: a collector that is away would fill the log. */
function complaints(log: TracingLog) {
  let at = Number.NEGATIVE_INFINITY;
  const quiet = () => {};
  return {
    verbose: quiet,
    debug: quiet,
    info: quiet,
    warn: quiet,
    error(reason: string) {
      if (Date.now() - at < complainEveryMs) return;
      at = Date.now();
      log.warn({ reason: reason.slice(0, 300) }, "Traces could not be sent; they are dropped");
    },
  };
}
