import type { Window, WindowState } from "./intake.ts";

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

export const flowWindow = (flowId: string, ip: string, limit: FlowLimit): Window => ({
  name: `flow:${flowId}:${ip}`,
  max: limit.max,
  windowMs: limit.windowMs,
});

/** Header names and values of draft-6, which Flowise sends in queue mode. Seconds. */
export function limitHeaders({ max, windowMs }: FlowLimit, { hits, resetMs }: WindowState) {
  const reset = String(Math.ceil(resetMs / 1000));
  return {
    "RateLimit-Policy": `${max};w=${windowMs / 1000}`,
    "RateLimit-Limit": String(max),
    "RateLimit-Remaining": String(Math.max(0, max - hits)),
    "RateLimit-Reset": reset,
    ...(hits > max && { "Retry-After": reset }),
  };
}
