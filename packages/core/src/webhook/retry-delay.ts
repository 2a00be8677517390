const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const delaysMs = [
  ...[5 * second, 20 * second, minute, 5 * minute, 15 * minute, 30 * minute],
  ...[hour, 3 * hour, 6 * hour],
];
const longestMs = 6 * hour;

/**
 * How long to wait after so many failed attempts; undefined when there were enough of them. A fifth more or less at
 * random, so that a receiver that comes back is not met by everybody at once; never sooner than it has asked for.
 */
export function retryDelayMs(
  attempts: number,
  askedMs = 0,
  random: () => number = Math.random,
): number | undefined {
  const delay = delaysMs[attempts - 1];
  if (delay === undefined) return undefined;
  return Math.max(Math.round(delay * (0.8 + 0.4 * random())), Math.min(askedMs, longestMs));
}

/** `Retry-After` in milliseconds; 0 when there is none that can be read. */
export function retryAfterMs(header: string | undefined, now = Date.now()): number {
  if (!header) return 0;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * second : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
