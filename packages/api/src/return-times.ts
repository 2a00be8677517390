/** Longer than this nobody is sent away. */
const maxS = 120;
/** Part of the places that become free which is promised to those who were sent away. */
const promised = 0.9;

/**
 * When callers who are sent away should come back: one after the other, as places become free, so that they do not all return
 * at once to be sent away again.
 */
export function openReturnTimes(now: () => number = Date.now, random: () => number = Math.random) {
  let lastAt = 0;
  return {
    /** Whole seconds, 1 at least. `roomMs`: when the next place is expected; `rate`: places for them in a millisecond. */
    next(roomMs: number, rate: number): number {
      const at = now();
      const stepMs = rate > 0 ? 1 / (rate * promised) : 0;
      lastAt = Math.max(lastAt + stepMs, at + roomMs);
      lastAt = Math.min(lastAt, at + maxS * 1000);
      // Rounded up or down by chance: in the mean it is what was reckoned.
      const jitterMs = rate > 0 ? 0 : random() * roomMs;
      const seconds = Math.floor((lastAt - at + jitterMs) / 1000 + random());
      return Math.min(maxS, Math.max(1, seconds));
    },
  };
}
