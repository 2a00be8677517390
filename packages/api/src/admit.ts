import { isUuid } from "@sluice/core/database/uuid";
import { AppError } from "@sluice/core/error";
import { flowWindow, limitHeaders } from "@sluice/core/limit/flow-limit";
import type { Context } from "hono";
import { clientIp } from "./client-ip.ts";
import type { Deps } from "./deps.ts";
import type { AdmittedFlow } from "./flow-cache.ts";
import { bearerOf } from "./key-cache.ts";

export interface Admitted {
  flow: AdmittedFlow;
  at: number;
}

/**
 * The way in of everything that runs a flow: known flow, limit, origin, key. Limits come before any work for
 * the request; one call counts them and tells whether our caches are behind.
 */
export async function admit(deps: Deps, c: Context, flowId: string): Promise<Admitted | Response> {
  if (!isUuid(flowId)) throw new AppError("invalid", "Invalid Chatflow ID");
  const ip = clientIp(
    socketAddress(c),
    c.req.header("x-forwarded-for"),
    deps.settings.trustedProxies,
  );
  let flow = await deps.flows.get(flowId);
  let admission = await count(deps, flow, ip);
  const current = deps.flows.isCurrent(admission.epochs);
  deps.keys.isCurrent(admission.epochs);
  if (!current) {
    const before = flow?.limit;
    flow = await deps.flows.get(flowId);
    // A limit that we did not know of has not counted this request yet.
    if (flow?.limit && JSON.stringify(flow.limit) !== JSON.stringify(before))
      admission = await count(deps, flow, ip);
  }
  if (!flow) throw new AppError("not_found", `Chatflow ${flowId} not found in the database!`);
  const [window] = admission.windows;
  if (flow.limit && window) {
    const headers = limitHeaders(flow.limit, window);
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    if (window.hits > flow.limit.max) return c.html(flow.limit.message, 429);
  }
  const refused = checkOrigin(flow, c);
  if (refused) return refused;
  await checkKey(deps, flow, c.req.header("authorization"));
  return { flow, at: admission.at };
}

async function count(deps: Deps, flow: AdmittedFlow | undefined, ip: string) {
  try {
    return await deps.intake.admit(flow?.limit ? [flowWindow(flow.id, ip, flow.limit)] : []);
  } catch (cause) {
    throw new AppError(
      "unavailable",
      "The service cannot take predictions right now; try again in a moment",
      { cause },
    );
  }
}

function checkOrigin({ origins }: AdmittedFlow, c: Context): Response | undefined {
  const origin = c.req.header("origin");
  if (!origin || origins.allowed.length === 0) return undefined;
  if (originAllowed(origin, origins.allowed)) return undefined;
  return c.text(origins.message, 403);
}

/** Compares hosts, ports included; the scheme does not count. */
export function originAllowed(origin: string, allowed: string[]): boolean {
  const host = hostOf(origin);
  return host !== undefined && allowed.some((entry) => hostOf(entry) === host);
}

function hostOf(text: string): string | undefined {
  const source = text.includes("://") ? text : `https://${text}`;
  return URL.canParse(source) ? new URL(source).host : undefined;
}

async function checkKey(deps: Deps, flow: AdmittedFlow, header: string | undefined): Promise<void> {
  if (!flow.apiKeyId && !deps.settings.requireKey) return;
  const text = bearerOf(header);
  const key = text && (await deps.keys.find(text));
  if (!key || (flow.apiKeyId && key.id !== flow.apiKeyId))
    throw new AppError("unauthorized", "Unauthorized");
}

function socketAddress(c: Context): string | undefined {
  return (c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming
    ?.socket?.remoteAddress;
}
