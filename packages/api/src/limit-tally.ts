import { AppError } from "@sluice/core/error";
import { limitHeaders } from "@sluice/core/limit/flow-limit";
import type { LimitState } from "@sluice/core/limit/intake";
import { rateHeaders } from "@sluice/core/limit/rate-headers";
import type { Context } from "hono";
import type { Deps } from "./deps.ts";
import type { AdmittedFlow } from "./flow-cache.ts";
import type { LimitName, PlannedLimit } from "./limit-plan.ts";

interface CountedLimit extends PlannedLimit {
  state: LimitState;
}

/** What has been counted of one request so far. */
export interface Tally {
  at: number;
  limits: CountedLimit[];
  /** False when caches were behind and have been emptied: look again. */
  current: boolean;
}

type Counting = Pick<Deps, "intake" | "flows" | "keys">;

/** One call to the counter. */
export async function countLimits(deps: Counting, planned: PlannedLimit[]): Promise<Tally> {
  try {
    const admission = await deps.intake.admit(planned.map(({ limit }) => limit));
    const { at, epochs, states } = admission;
    const limits = planned.map((each, i) => ({ ...each, state: states[i] as LimitState }));
    if (!epochs) return { at, limits, current: true };
    const [flows, keys] = [deps.flows.isCurrent(epochs), deps.keys.isCurrent(epochs)];
    return { at, limits, current: flows && keys };
  } catch (cause) {
    throw new AppError(
      "unavailable",
      "The service cannot take predictions right now; try again in a moment",
      { cause },
    );
  }
}

/** Counts what has not been counted yet. A refusal by a limit that holds no longer used nothing up: all is counted anew. */
export async function countMore(
  deps: Counting,
  tally: Tally,
  planned: PlannedLimit[],
): Promise<Tally> {
  const textOf = ({ limit }: PlannedLimit) => JSON.stringify(limit);
  const wanted = new Set(planned.map(textOf));
  const refused = tally.limits.filter(({ state }) => !state.passed);
  if (refused.some((limit) => wanted.has(textOf(limit)))) return tally;
  const counted = refused.length > 0 ? [] : tally.limits;
  const known = new Set(counted.map(textOf));
  const missing = planned.filter((limit) => !known.has(textOf(limit)));
  if (missing.length === 0) return { ...tally, limits: counted };
  const more = await countLimits(deps, missing);
  return { at: tally.at, current: more.current, limits: [...counted, ...more.limits] };
}

/**
 * Tells the limits in headers, and answers where one refuses: ours in our words, the flow's in its own.
 * How much all callers together may do is told to nobody who is let in.
 */
export function answerLimits(
  c: Context,
  { limits }: Tally,
  flow: AdmittedFlow | undefined,
): Response | undefined {
  if (limits.length === 0) return undefined;
  const shown = limits.flatMap(({ name, policy, state }) =>
    policy && (name !== "global" || !state.passed) ? [{ name, policy, state }] : [],
  );
  const window = flow?.limit && limits.find(({ name }) => name === "flowise");
  const headers = {
    ...rateHeaders(shown),
    ...(flow?.limit && window && limitHeaders(flow.limit, window.state)),
  };
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  const refused = limits.filter(({ state }) => !state.passed);
  if (refused.length === 0) return undefined;
  const [longest] = refused.toSorted((a, b) => b.state.retryMs - a.state.retryMs);
  const seconds = Math.max(1, Math.ceil((longest?.state.retryMs ?? 0) / 1000));
  c.header("Retry-After", String(seconds));
  const ours = refused.filter(({ policy }) => policy);
  const name = (ours[0] ?? refused[0])?.name ?? "flowise";
  c.set("limitedBy", name);
  if (flow?.limit && ours.length === 0) return c.html(flow.limit.message, 429);
  throw new AppError("limited", `Too many requests ${wordsOf[name]}; try again in ${seconds} s`);
}

const wordsOf: Record<LimitName, string> = {
  global: "at once",
  ip: "from this address",
  flow: "to this flow",
  key: "with this API key",
  tenant: "of this tenant",
  flowise: "to this flow",
};
