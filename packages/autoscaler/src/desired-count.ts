/** What is known about the fleet at one moment. */
export interface Fleet {
  atMs: number;
  /** Predictions that wait for a worker. */
  waiting: number;
  /** Predictions at work, those of a worker that has just died included. */
  running: number;
  /** How long the first in the queue has waited. */
  oldestMs: number;
  /** Predictions that one worker takes at a time, as the workers publish it. */
  perWorker: number;
  /** Workers that take predictions now. */
  ready: number;
  /** What the service is told to run now. */
  desired: number;
}

export interface Policy {
  min: number;
  max: number;
  /** Share of a worker's capacity that is planned with; the rest is for what comes while the next one starts. */
  fill: number;
  /** Past this wait the fleet grows by half although its capacity looks sufficient. */
  lateMs: number;
  /** How long the need has to be lower before a worker leaves, and between two such steps. */
  calmMs: number;
  /** Share of the fleet that one step in takes away; one worker at least. */
  stepIn: number;
  /** How long nothing may have happened before the last worker leaves. */
  idleMs: number;
}

/** What is remembered from one decision to the next. */
export interface Memory {
  /** Since when fewer workers would do, or since the last step in. */
  calmSinceMs: number | undefined;
  /** The most that was needed since then. */
  peak: number;
  /** When there was work last. */
  busyAtMs: number;
}

export interface Decision {
  desired: number;
  memory: Memory;
}

/** Workers that the work in sight needs. */
export function neededCount({ waiting, running, perWorker }: Fleet, { fill }: Policy): number {
  const work = Math.max(0, waiting) + Math.max(0, running);
  return work === 0 ? 0 : Math.ceil(work / Math.max(1, perWorker * fill));
}

/** Out at once, in slowly: a worker too many costs little, one too few makes everybody wait for its start. */
export function desiredCount(fleet: Fleet, policy: Policy, before?: Memory): Decision {
  const { atMs } = fleet;
  const bounded = (count: number) => Math.min(policy.max, Math.max(policy.min, count));
  // Bounds that were changed, or a hand that set another count: those hold at once.
  const desired = bounded(fleet.desired);
  const needed = neededCount(fleet, policy);
  const busyAtMs = needed > 0 || !before ? atMs : before.busyAtMs;
  const want = bounded(Math.max(needed, lateCount(fleet, policy)));
  const restless = { calmSinceMs: undefined, peak: 0, busyAtMs };
  if (want >= desired) return { desired: want, memory: restless };

  const calmSinceMs = before?.calmSinceMs ?? atMs;
  const peak = Math.max(want, before?.calmSinceMs === undefined ? 0 : before.peak);
  const waits = { desired, memory: { calmSinceMs, peak, busyAtMs } };
  if (atMs - calmSinceMs < policy.calmMs) return waits;
  const step = Math.max(1, Math.floor(desired * policy.stepIn));
  const idle = atMs - busyAtMs >= policy.idleMs;
  const next = bounded(Math.max(peak, desired - step, idle ? 0 : 1));
  if (next === desired) return waits;
  return { desired: next, memory: { calmSinceMs: atMs, peak: want, busyAtMs } };
}

/** Waiting although every worker has started: what a worker can take is less than it says. */
function lateCount({ waiting, oldestMs, ready, desired }: Fleet, { lateMs }: Policy): number {
  const late = waiting > 0 && oldestMs > lateMs && desired > 0 && ready >= desired;
  return late ? desired + Math.ceil(desired / 2) : 0;
}
