import type { FleetReading } from "./read-fleet.ts";

export interface QueueEstimateOptions {
  /** A reading that is older says nothing any more. */
  staleMs: number;
  now?: () => number;
}

/** A fleet that was never seen full is not taken to be quicker than this per prediction: full, it is slower than idle. */
const assumedPlaceMs = 1000;
/** The shortest time that a measured pace is averaged over. */
const averageMs = 2000;
/** How long the pace of a full fleet holds after it was measured. */
const paceHoldsMs = 30_000;

/**
 * How long one who comes now would wait, from what is measured: the backlog, the capacity that workers publish, and the pace
 * at which places become free. The pace is what leaves a fleet whose queue is never empty; before one was seen, how long runs take.
 */
export function openQueueEstimate({ staleMs, now = Date.now }: QueueEstimateOptions) {
  let last: { reading: FleetReading; atMs: number; ownAdded: number } | undefined;
  let ownAdded = 0;
  /** This process's part of all that is added. */
  let share = 1;
  let runMs: number | undefined;
  /** Of a fleet that was full. */
  let pace: { placeMs: number; atMs: number } | undefined;
  /** Predictions that left in a millisecond lately, full or not: so many it can do at least. */
  let leaving = 0;

  /** How long a prediction takes up a place. */
  function placeMs(): number {
    if (pace && now() - pace.atMs < paceHoldsMs) return pace.placeMs;
    const unseenMs = Math.max(assumedPlaceMs, runMs ?? 0);
    return last && leaving > 0 ? Math.min(unseenMs, capacityOf(last.reading) / leaving) : unseenMs;
  }

  function learn(before: NonNullable<typeof last>, after: NonNullable<typeof last>): void {
    const added = after.reading.added - before.reading.added;
    const own = after.ownAdded - before.ownAdded;
    if (added >= 10) share += 0.3 * (Math.min(1, Math.max(0.05, own / added)) - share);
    const elapsedMs = after.atMs - before.atMs;
    const capacity = capacityOf(before.reading);
    if (capacity === 0 || elapsedMs <= 0 || added < 0) return;
    const open = ({ waiting, active }: FleetReading) => waiting + active;
    const left = Math.max(0, added - (open(after.reading) - open(before.reading)));
    // Averaged as a rate: in a time in which nothing becomes free a place takes for ever.
    const knownMs = placeMs();
    const averaged = (known: number, overMs: number, seen: number) =>
      known + (1 - Math.exp(-elapsedMs / overMs)) * (seen - known);
    leaving = averaged(leaving, averageMs, left / elapsedMs);
    if (!backs(before.reading) || !backs(after.reading)) return;
    const seen = left / (capacity * elapsedMs);
    const rate = averaged(1 / knownMs, Math.max(averageMs, knownMs), seen);
    pace = { placeMs: 1 / rate, atMs: after.atMs };
  }

  const current = () => (last && now() - last.atMs < staleMs ? last : undefined);
  const sinceReading = (since: NonNullable<typeof last>) => (ownAdded - since.ownAdded) / share;

  return {
    /** How many this process has put into the queue: what {@link read} is told of the moment in which a reading was asked for. */
    ownAdded: () => ownAdded,
    added(): void {
      ownAdded++;
    },
    /** A prediction has ended after so long at work. */
    ended(tookMs: number): void {
      runMs = runMs === undefined ? tookMs : runMs + 0.05 * (tookMs - runMs);
    },
    read(reading: FleetReading, ownAddedBefore: number): void {
      const next = { reading, atMs: now(), ownAdded: ownAddedBefore };
      if (last) learn(last, next);
      last = next;
    },
    /** Age of the last reading. */
    ageMs: () => (last ? now() - last.atMs : Number.POSITIVE_INFINITY),
    /** Whether one more would have to wait, as far as the last reading goes. */
    busy: () => !!last && last.reading.waiting + last.reading.active >= capacityOf(last.reading),
    placeMs,
    share: () => share,
    /** How many places become free in a millisecond, on all workers; 0 when nobody serves. */
    rate: () => (last ? capacityOf(last.reading) / placeMs() : 0),
    /** Undefined when it is not known. */
    serving(): boolean | undefined {
      const known = current();
      return known && capacityOf(known.reading) > 0;
    },
    /** Predictions that wait; 0 when it is not known. */
    waiting(): number {
      const known = current();
      return known ? known.reading.waiting + sinceReading(known) : 0;
    },
    /** Expected wait of one who comes now; while nobody serves, how long the first has waited. 0 when it is not known. */
    waitMs(): number {
      const known = current();
      if (!known) return 0;
      const { reading, atMs } = known;
      const capacity = capacityOf(reading);
      if (capacity === 0)
        return reading.oldestAtMs === undefined ? 0 : Math.max(0, now() - reading.oldestAtMs);
      const rate = capacity / placeMs();
      // Of a fleet that was not full nobody knows yet when the first place becomes free again.
      const freed = pace ? rate * (now() - atMs) : 0;
      const free = Math.max(0, capacity - reading.active) + freed;
      return Math.max(0, reading.waiting + sinceReading(known) - free) / rate;
    },
    /** Expected wait of the one at this place in the queue, from 1; undefined when nobody serves. */
    waitAtMs(position: number): number | undefined {
      const known = current();
      const capacity = known ? capacityOf(known.reading) : 0;
      if (!known || capacity === 0) return undefined;
      const free = Math.max(0, capacity - known.reading.active);
      return (Math.max(0, position - free) * placeMs()) / capacity;
    },
  };
}
export type QueueEstimate = ReturnType<typeof openQueueEstimate>;

/** Whether a queue waits for places, not only for its next fetch. */
const backs = (reading: FleetReading): boolean =>
  reading.waiting >= 10 || (reading.waiting > 0 && reading.active >= capacityOf(reading) / 2);

const capacityOf = ({ workers }: FleetReading): number =>
  workers.reduce((total, worker) => total + worker.capacity, 0);
