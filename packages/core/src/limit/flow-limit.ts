import type { LimitState, WhenAway, Window } from "./intake.ts";

/** `apiConfig.rateLimit` of a flow: so many calls of one address in a window. */
export interface FlowLimit {
  max: number;
  windowMs: number;
  message: string;
}

/** Flowise keeps numbers as text as often as not; a limit needs all three, and is on unless switched off. */
export function readFlowLimit(apiConfig: unknown): FlowLimit | undefined {
  const limit = (apiConfig as { rateLimit?: Record<string, unknown> } | null)?.rateLimit;
  if (!limit || limit.status === false) return undefined;
  const max = Number(limit.limitMax);
  // Redis expires keys after whole milliseconds.
  const windowMs = Math.ceil(Number(limit.limitDuration) * 1000);
  if (!(max > 0) || !(windowMs > 0) || !limit.limitMsg) return undefined;
  if (!Number.isSafeInteger(windowMs)) return undefined;
  return { max, windowMs, message: String(limit.limitMsg) };
}

/** `apiConfig.sluice.rateLimit`: a limit of ours for this flow alone, e.g. `100/60s burst 20`. */
export function readFlowRate(apiConfig: unknown): string | undefined {
  const rate = (apiConfig as { sluice?: { rateLimit?: unknown } } | null)?.sluice?.rateLimit;
  return typeof rate === "string" && rate !== "" ? rate : undefined;
}

export const flowWindow = (
  flowId: string,
  ip: string,
  limit: FlowLimit,
  away: WhenAway,
): Window => ({
  kind: "window",
  name: `flow:${flowId}:${ip}`,
  max: limit.max,
  windowMs: limit.windowMs,
  away,
});

/** Header names and values of draft-6, which Flowise sends in queue mode. Seconds. */
export function limitHeaders(
  { max, windowMs }: FlowLimit,
  { passed, remaining, resetMs }: LimitState,
) {
  const reset = String(Math.ceil(resetMs / 1000));
  return {
    "RateLimit-Policy": `${max};w=${windowMs / 1000}`,
    "RateLimit-Limit": String(max),
    "RateLimit-Remaining": String(remaining),
    "RateLimit-Reset": reset,
    ...(!passed && { "Retry-After": reset }),
  };
}
