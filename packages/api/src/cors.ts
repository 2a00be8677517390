import { isUuid } from "@sluice/core/database/uuid";
import type { Context, MiddlewareHandler } from "hono";
import { originAllowed } from "./admit.ts";
import { askedFlow } from "./asked-flow.ts";
import type { Deps } from "./deps.ts";

const methods = "GET,HEAD,PUT,PATCH,POST,DELETE";
const exposed =
  "x-prediction-id, RateLimit-Policy, RateLimit, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After";

/** A refusal before the flow's origins are known: it tells nothing but when to come back, and a page has to show that. */
export function readableByPages(c: Context): void {
  if (!c.req.header("origin")) return;
  c.header("Access-Control-Allow-Origin", "*");
  c.header("Access-Control-Expose-Headers", exposed);
}

/**
 * Origins come from `CORS_ORIGINS`, or for calls that name a flow from that flow's `allowedOrigins` (none = any).
 * A refused origin only loses the headers; whether the request runs is decided elsewhere.
 */
export function cors(deps: Pick<Deps, "db" | "flows" | "settings">): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header("origin");
    if (!origin) return next();
    const allowed = origin !== "null" && (await isAllowed(deps, c, origin));
    c.header("Vary", "Origin");
    if (allowed) {
      const any = deps.settings.corsOrigins.includes("*");
      c.header("Access-Control-Allow-Origin", any ? "*" : origin);
      c.header("Access-Control-Expose-Headers", exposed);
      if (deps.settings.corsCredentials && !any)
        c.header("Access-Control-Allow-Credentials", "true");
    }
    if (c.req.method !== "OPTIONS") return next();
    if (allowed) {
      c.header("Access-Control-Allow-Methods", methods);
      c.header(
        "Access-Control-Allow-Headers",
        c.req.header("access-control-request-headers") ?? "*",
      );
    }
    return c.body(null, 204);
  };
}

async function isAllowed(
  deps: Pick<Deps, "db" | "flows" | "settings">,
  c: Context,
  origin: string,
) {
  const { flows, settings } = deps;
  if (settings.corsOrigins.includes("*") || settings.corsOrigins.includes(origin)) return true;
  const flowId = await askedFlow(deps, c);
  if (flowId === "unsaid") return true;
  if (!flowId || !isUuid(flowId)) return false;
  const flow = await flows.get(flowId).catch(() => undefined);
  return (
    flow !== undefined &&
    (flow.origins.allowed.length === 0 || originAllowed(origin, flow.origins.allowed))
  );
}
