import { type Rate, type WhenAway, whenAway } from "./intake.ts";

/** So many requests in so long, e.g. `100/60s burst 20 away closed`. */
export interface RatePolicy {
  count: number;
  seconds: number;
  /** How many may come at once; the whole count unless said. */
  burst: number;
  away: WhenAway;
}

export const rateForm = 'a rate such as "100/60s", "100/1m burst 20" or "5/1s away closed"';

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 };
const form =
  /^(\d{1,9})\s*\/\s*(\d{0,7})\s*(s|m|h|d)(?:\s+burst\s+(\d{1,9}))?(?:\s+away\s+(\w+))?$/i;

/** Undefined for what is no rate. */
export function readRate(text: string): RatePolicy | undefined {
  const [, count, length, unit = "s", burst, away = "local"] = form.exec(text.trim()) ?? [];
  const policy = {
    count: Number(count),
    seconds: Number(length || 1) * unitSeconds[unit.toLowerCase() as keyof typeof unitSeconds],
    burst: Number(burst ?? count),
    away: away.toLowerCase() as WhenAway,
  };
  const { seconds } = policy;
  if (!(policy.count > 0 && policy.burst > 0 && seconds > 0)) return undefined;
  if (!whenAway.includes(policy.away)) return undefined;
  // Counted in microseconds, and exactly: an interval of one at least, a full burst of a hundred years at most.
  if (policy.count > seconds * 1e6 || intervalOf(policy) * policy.burst > 3e15) return undefined;
  return policy;
}

/** `off` is a rate that limits nothing, where a narrower setting replaces a wider one. */
export const isRate = (text: string): boolean => isOff(text) || readRate(text) !== undefined;
const isOff = (text: string) => text.trim().toLowerCase() === "off";

/** A policy of its own for one flow or key, in place of the one for all of them. */
export function overridden(
  own: string | null | undefined,
  general: RatePolicy | undefined,
): RatePolicy | undefined {
  if (!own) return general;
  return isOff(own) ? undefined : (readRate(own) ?? general);
}

export const rateLimit = (name: string, policy: RatePolicy): Rate => ({
  kind: "rate",
  name,
  burst: policy.burst,
  intervalUs: intervalOf(policy),
  away: policy.away,
});

// Rounded up: never more than was allowed.
const intervalOf = ({ count, seconds }: Pick<RatePolicy, "count" | "seconds">) =>
  Math.ceil((seconds * 1e6) / count);
