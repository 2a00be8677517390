import { AppError } from "@sluice/core/error";
import { openQueueEstimate } from "@sluice/core/prediction/queue-estimate";
import type { FleetReading } from "@sluice/core/prediction/read-fleet";
import { openReturnTimes } from "./return-times.ts";

export interface QueueOutlookOptions {
  /** Backlog and fleet now. */
  read(): Promise<FleetReading>;
  /** How often they are read while there is load. */
  everyMs: number;
  /** Longest expected wait of a caller who stays connected; he may stay for less. */
  maxWaitMs: number;
  /** Predictions that may wait. */
  maxQueued: number;
  now?: () => number;
}

/** What is to be known of a prediction before it is taken. */
export interface Asked {
  /** When its caller, or the prediction itself, gives up. */
  deadlineAt: number;
  /** Its caller stays connected until it has ended. */
  connected: boolean;
}

/** So long after the last request a busy fleet is still watched: the next one must not be refused for what is over. */
const watchMs = 60_000;
/** How soon a service that has no worker may have one. */
const startMs = 15_000;

/**
 * Says whether the queue can keep what a caller would be promised, before anything is stored or queued for him. One reading
 * serves all requests of a while: none waits for it, none costs a round trip of its own.
 */
export function openQueueOutlook(options: QueueOutlookOptions) {
  const { read, everyMs, maxWaitMs, maxQueued, now = Date.now } = options;
  const estimate = openQueueEstimate({ staleMs: Math.max(5000, 3 * everyMs), now });
  const returnTimes = openReturnTimes(now);
  let reading: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let askedAt = 0;

  /** Reads anew unless that was done a moment ago. */
  function look(): Promise<void> {
    if (reading) return reading;
    if (estimate.ageMs() < everyMs) return Promise.resolve();
    const before = estimate.ownAdded();
    reading = read()
      .then((fleet) => estimate.read(fleet, before))
      // A queue that is away has its own answer.
      .catch(() => {})
      .finally(() => {
        reading = undefined;
        clearTimeout(timer);
        if (estimate.busy() && now() - askedAt < watchMs)
          timer = setTimeout(() => void look(), everyMs).unref();
      });
    return reading;
  }

  function refuse(message: string, roomMs: number): never {
    const rate = estimate.rate() * estimate.share();
    const retryAfterS = returnTimes.next(roomMs, rate);
    throw new AppError("overloaded", `${message}; try again in ${retryAfterS} s`, { retryAfterS });
  }

  return {
    look,
    estimate,
    /** Throws `overloaded`, with the time after which there should be room, unless the prediction can be taken. */
    check({ deadlineAt, connected }: Asked): void {
      askedAt = now();
      void look();
      const waiting = estimate.waiting();
      const rate = estimate.rate();
      if (waiting >= maxQueued)
        refuse("Too many predictions wait", rate > 0 ? (waiting - maxQueued) / rate : startMs);
      const leftMs = deadlineAt - now();
      const waitMs = estimate.waitMs();
      if (estimate.serving() === false) {
        if (waitMs >= leftMs) refuse("No worker serves predictions", startMs);
        return;
      }
      const mostMs = connected ? Math.min(leftMs, maxWaitMs) : leftMs;
      if (waitMs > mostMs)
        refuse(
          `The service is busy: a prediction would wait about ${Math.ceil(waitMs / 1000)} s`,
          waitMs - mostMs,
        );
    },
    added: estimate.added,
    ended: estimate.ended,
    close: () => clearTimeout(timer),
  };
}
export type QueueOutlook = ReturnType<typeof openQueueOutlook>;
