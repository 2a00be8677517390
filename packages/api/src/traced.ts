import type { PredictionJob } from "@sluice/core/prediction/prediction";
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Deps, Env } from "./deps.ts";

const quiet = new Set(["/healthz", "/readyz", "/api/v1/ping", "/api/v1/metrics"]);

/** Has every request in a span that ends with the head of its answer; what is asked all day by machines has none. */
export function traced({ request }: NonNullable<Deps["tracing"]>): MiddlewareHandler<Env> {
  return (c, next) => {
    if (quiet.has(c.req.path)) return next();
    const traceparent = c.req.header("traceparent");
    const tracestate = c.req.header("tracestate");
    return request({ method: c.req.method, traceparent, tracestate }, async (answered) => {
      await next();
      const route = routePath(c, -1);
      answered(route.endsWith("*") ? "unknown" : route, c.res.status);
    });
  };
}

/** The part of a job that lets its run belong to the trace of this request. */
export function carriedTrace({ tracing }: Pick<Deps, "tracing">): Pick<PredictionJob, "trace"> {
  const trace = tracing?.carried();
  return trace ? { trace } : {};
}
