import type { Context, MiddlewareHandler } from "hono";
import { callerIp } from "./client-ip.ts";
import { readableByPages } from "./cors.ts";
import type { Deps, Env } from "./deps.ts";
import { bearerOf } from "./key-cache.ts";
import { entryLimits } from "./limit-plan.ts";
import { answerLimits, countLimits } from "./limit-tally.ts";

/**
 * Where a flow or a key would have to be looked up, the limits that need neither are counted first, in a call of their own:
 * nobody makes us search faster than they may. With both in the cache, `admit` counts them along with the others.
 */
export async function enter(deps: Deps, c: Context, isKnown: () => boolean): Promise<void> {
  const { global, ip } = deps.settings.limits;
  if ((!global && !ip) || c.get("entered") || isKnown()) return;
  const address = callerIp(c, deps.settings.trustedProxies);
  const tally = await countLimits(deps, entryLimits(deps.settings.limits, address));
  c.set("entered", tally);
  answerLimits(c, tally, undefined);
}

/** Before CORS, which looks at the flow. */
export const enterFlow = (deps: Deps): MiddlewareHandler<Env> =>
  before(deps, (c) => deps.flows.holds(c.req.param("id") ?? ""));

/** For what nothing else limits. */
export const enterAlways = (deps: Deps): MiddlewareHandler<Env> => before(deps, () => false);

const before =
  (deps: Deps, isKnown: (c: Context) => boolean): MiddlewareHandler<Env> =>
  async (c, next) => {
    if (c.req.method !== "OPTIONS")
      await enter(deps, c, () => isKnown(c)).catch((refusal: unknown) => {
        readableByPages(c);
        throw refusal;
      });
    return next();
  };

/** Before the key is looked up. The flow is known once the body is read. */
export const enterNative =
  (deps: Deps): MiddlewareHandler<Env> =>
  async (c, next) => {
    const text = bearerOf(c.req.header("authorization"));
    if (c.req.method === "POST" && text)
      await enter(deps, c, () => deps.keys.peek(text) !== undefined);
    return next();
  };
