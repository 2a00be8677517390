import type { MeasuredRequest } from "@sluice/core/metrics/request-metrics";
import { Hono, type MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Env } from "../deps.ts";
import type { ApiMetrics } from "../metrics.ts";

/** Measures every request. The label is the route's pattern: paths would be labels without end. */
export function measured({ answered }: Pick<ApiMetrics, "answered">): MiddlewareHandler<Env> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const route = routePath(c, -1);
    const request: MeasuredRequest = {
      method: methods.has(c.req.method) ? c.req.method : "OTHER",
      // Only what is for many paths has matched: there is no such route.
      route: route.endsWith("*") ? "unknown" : route,
      status: c.res.status,
      tookMs: performance.now() - startedAt,
      limitedBy: c.get("limitedBy"),
    };
    answered(request);
  };
}

const methods = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);

/** Prometheus's text, behind the key that all of `/api/v1/` needs. */
export const metricsRoutes = ({ scrape }: Pick<ApiMetrics, "scrape">) =>
  new Hono<Env>().get("/api/v1/metrics", async (c) => {
    const { contentType, text } = await scrape();
    return c.body(text, 200, { "content-type": contentType });
  });
