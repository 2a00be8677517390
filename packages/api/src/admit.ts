import type { ApiKey } from "@sluice/core/api-key/api-key";
import { isUuid } from "@sluice/core/database/uuid";
import { AppError } from "@sluice/core/error";
import type { Context } from "hono";
import { callerIp } from "./client-ip.ts";
import type { Deps } from "./deps.ts";
import { enter } from "./enter.ts";
import type { AdmittedFlow } from "./flow-cache.ts";
import { bearerOf } from "./key-cache.ts";
import { entryLimits, flowiseLimits, type PlannedLimit, runLimits } from "./limit-plan.ts";
import { answerLimits, countLimits, countMore, type Tally } from "./limit-tally.ts";

export interface Admitted {
  flow: AdmittedFlow;
  at: number;
  /** Where one was asked for. */
  key?: ApiKey | undefined;
}

/** Whether the caller may run the flow, as its key says. */
interface Access {
  allowed: boolean;
  key: ApiKey | undefined;
}

/**
 * The way in of everything that runs a flow: known flow, limits, origin, key. Limits come before any work for the
 * request; with flow and key in the caches one call counts all of them, and tells whether the caches are behind.
 * A key that is not there yet is looked up after the limits that need none, and its own counted in a second call.
 */
export async function admit(deps: Deps, c: Context, flowId: string): Promise<Admitted | Response> {
  if (!isUuid(flowId)) throw new AppError("invalid", "Invalid Chatflow ID");
  await enter(deps, c, () => deps.flows.holds(flowId));
  const ip = callerIp(c, deps.settings.trustedProxies);
  const { limits } = deps.settings;
  const plan = (flow: AdmittedFlow | undefined, access: Access | undefined): PlannedLimit[] => [
    ...entryLimits(limits, ip),
    ...flowiseLimits(limits, flow, ip),
    ...(flow && access?.allowed && originPasses(flow, c)
      ? runLimits(limits, flow, access.key)
      : []),
  ];

  let flow = await deps.flows.get(flowId);
  let access = flow && (await knownAccess(deps, flow, c));
  const entered: Tally | undefined = c.get("entered");
  let tally = entered
    ? await countMore(deps, entered, plan(flow, access))
    : await countLimits(deps, plan(flow, access));
  const whole = tally.current && access !== undefined;
  if (!tally.current) {
    flow = await deps.flows.get(flowId);
    access = undefined;
    tally = await countMore(deps, tally, plan(flow, access));
  }
  const refused = answerLimits(c, tally, flow);
  if (refused) return refused;
  if (!flow) throw new AppError("not_found", `Chatflow ${flowId} not found in the database!`);
  if (!originPasses(flow, c)) return c.text(flow.origins.message, 403);
  access ??= await accessOf(deps, flow, c);
  if (!access.allowed) throw new AppError("unauthorized", "Unauthorized");
  if (!whole) {
    tally = await countMore(deps, tally, plan(flow, access));
    const late = answerLimits(c, tally, flow);
    if (late) return late;
  }
  return { flow, at: tally.at, key: access.key };
}

function originPasses({ origins }: AdmittedFlow, c: Context): boolean {
  const origin = c.req.header("origin");
  return !origin || origins.allowed.length === 0 || originAllowed(origin, origins.allowed);
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

/** Undefined when the key would have to be looked up. */
async function knownAccess(
  deps: Deps,
  flow: AdmittedFlow,
  c: Context,
): Promise<Access | undefined> {
  if (!needsKey(deps, flow, c)) return { allowed: true, key: undefined };
  const text = bearerOf(c.req.header("authorization"));
  if (!text) return { allowed: false, key: undefined };
  const cached = deps.keys.peek(text);
  return cached && accessBy(await cached, flow);
}

async function accessOf(deps: Deps, flow: AdmittedFlow, c: Context): Promise<Access> {
  if (!needsKey(deps, flow, c)) return { allowed: true, key: undefined };
  const text = bearerOf(c.req.header("authorization"));
  return accessBy(text ? await deps.keys.find(text) : undefined, flow);
}

/** On our own routes everybody has shown a key. */
const needsKey = ({ settings }: Deps, { apiKeyId }: AdmittedFlow, c: Context): boolean =>
  Boolean(apiKeyId || settings.requireKey || c.get("apiKey"));

const accessBy = (key: ApiKey | undefined, { apiKeyId }: AdmittedFlow): Access => ({
  allowed: key !== undefined && (!apiKeyId || key.id === apiKeyId),
  key,
});
