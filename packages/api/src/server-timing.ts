/** The `Server-Timing` header: how long a prediction waited, and how long it ran. Milliseconds since the epoch. */
export function serverTiming(acceptedAt: number, startedAt: number, endedAt: number): string {
  // The clocks are of three machines.
  const span = (from: number, to: number) => Math.max(0, Math.round(to - from));
  return `queue;dur=${span(acceptedAt, startedAt)}, run;dur=${span(startedAt, endedAt)}`;
}
