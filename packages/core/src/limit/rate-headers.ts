import type { LimitState } from "./intake.ts";
import type { RatePolicy } from "./rate-policy.ts";

export interface NamedState {
  name: string;
  policy: RatePolicy;
  state: LimitState;
}

const seconds = (ms: number) => Math.max(0, Math.ceil(ms / 1000));

/**
 * `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers. `t` of a limit that refuses is when to
 * come back, else when all of it is free again.
 */
export function rateHeaders(limits: NamedState[]): Record<string, string> {
  if (limits.length === 0) return {};
  const list = (each: (limit: NamedState) => string) => limits.map(each).join(", ");
  const retryMs = Math.max(0, ...limits.map(({ state }) => state.retryMs));
  return {
    "RateLimit-Policy": list(
      ({ name, policy }) => `"${name}";q=${policy.count};w=${policy.seconds}`,
    ),
    RateLimit: list(
      ({ name, state }) =>
        `"${name}";r=${state.remaining};t=${seconds(state.passed ? state.resetMs : state.retryMs)}`,
    ),
    ...(retryMs > 0 && { "Retry-After": String(seconds(retryMs)) }),
  };
}
