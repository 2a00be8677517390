// The clocks are of three machines.
const span = (from: number, to: number) => Math.max(0, Math.round(to - from));

/** The `Server-Timing` header: how long a prediction waited, how long it ran, and both. Milliseconds since the epoch. */
export function serverTiming(acceptedAt: number, startedAt: number, endedAt: number): string {
  const parts = { queue: span(acceptedAt, startedAt), run: span(startedAt, endedAt) };
  return `queue;dur=${parts.queue}, run;dur=${parts.run}, total;dur=${span(acceptedAt, endedAt)}`;
}

/** The same of a stream that begins: how long it took until its prediction was queued. */
export const acceptTiming = (acceptedAt: number, now = Date.now()): string =>
  `accept;dur=${span(acceptedAt, now)}`;
