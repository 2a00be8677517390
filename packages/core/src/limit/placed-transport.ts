import { AppError } from "../error.ts";
import type { PredictionJob } from "../prediction/prediction.ts";
import type { ApiTransport } from "../prediction/transport.ts";
import { isPlaced, type Leases, type Placed, type Renewal } from "./lease.ts";
import { refusalOf } from "./lease-refusal.ts";

type PlacedJob = PredictionJob & Placed;

interface Parked {
  job: PlacedJob;
  add(): Promise<void>;
}

export interface PlacedTransport extends ApiTransport {
  /** Takes the places of a prediction before it is promised; {@link ApiTransport.add} must follow soon. Throws when there are none. */
  enter(job: PredictionJob): Promise<void>;
  /** Gives back the places of one that is not added after all. */
  leave(job: PredictionJob): Promise<void>;
}

export interface PlacedOptions {
  pulseMs: number;
  /** Called for each prediction that makes way for the next message of its conversation. */
  onInterrupt(predictionId: string): Promise<unknown>;
}

const batch = 100;
const maxParked = 10_000;

/**
 * Keeps the places of predictions from the moment they are let in until a worker says that it holds them, and what has to wait for its
 * turn in a conversation out of the queue until then. Predictions without places pass through.
 */
export function openPlacedTransport(
  inner: ApiTransport,
  leases: Leases,
  { pulseMs, onInterrupt }: PlacedOptions,
): PlacedTransport {
  /** Let in, and not yet added: whether their turn has come. */
  const entered = new Map<string, boolean>();
  const queued = new Map<string, PlacedJob>();
  const parked = new Map<string, Parked>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function take(job: PlacedJob, forced: boolean): Promise<boolean> {
    if (parked.size >= maxParked && !forced)
      throw new AppError("overloaded", "Too many messages wait for their turn", { retryAfterS: 5 });
    const result = await leases.enter(job, forced).catch((cause: unknown) => {
      throw new AppError(
        "unavailable",
        "The service cannot take predictions right now; try again in a moment",
        { cause },
      );
    });
    if (result.state !== "in") throw refusalOf(result, job.places);
    if (!forced && job.places.turn?.policy === "interrupt") await interrupt(job, result.others);
    return result.first;
  }

  async function interrupt({ places: { turn } }: PlacedJob, others: string[]): Promise<void> {
    for (const id of others) {
      await inner.cancel(id);
      await onInterrupt(id).catch(() => {});
      // What no worker has will not run any more; the turn need not wait until one has seen that.
      if (turn && !(await inner.isClaimed(id))) await leases.leave({ id, places: { turn } });
    }
  }

  async function put(job: PredictionJob, add: () => Promise<void>): Promise<void> {
    if (!isPlaced(job)) return add();
    const first = entered.get(job.id) ?? (await take(job, true));
    entered.delete(job.id);
    schedule();
    if (first) return queue(job, add);
    parked.set(job.id, { job, add });
    await leases.park([job]).catch(() => {});
    await renew([{ job, as: "wait" }]).catch(() => {});
  }

  async function queue(job: PlacedJob, add: () => Promise<void>): Promise<void> {
    queued.set(job.id, job);
    try {
      await add();
    } catch (error) {
      queued.delete(job.id);
      void leases.leave(job).catch(() => {});
      throw error;
    }
  }

  /** Its turn has come, or it will not run. */
  async function start({ job, add }: Parked): Promise<void> {
    if (!parked.delete(job.id)) return;
    queued.set(job.id, job);
    try {
      await add();
      await leases.unpark(job.id);
    } catch {
      if (queued.delete(job.id)) parked.set(job.id, { job, add });
    }
  }

  async function keep(job: PlacedJob): Promise<void> {
    queued.set(job.id, job);
    await leases.renew([{ job, as: "hold" }]);
    schedule();
  }

  async function renew(renewals: Renewal[]): Promise<void> {
    const states = await leases.renew(renewals);
    for (const [i, { job, as }] of renewals.entries()) {
      const waiting = parked.get(job.id);
      if (states[i] === "gone" && as === "keep") queued.delete(job.id);
      if (states[i] === "first" && waiting) await start(waiting);
    }
  }

  async function pulse(): Promise<void> {
    const now = Date.now();
    for (const [id, job] of queued) if (job.deadlineAt < now) queued.delete(id);
    // Past its deadline it ends without a run, for which no turn is needed.
    for (const one of [...parked.values()]) if (one.job.deadlineAt < now) await start(one);
    const waiting = [...parked.values()].map(({ job }) => job);
    const all: Renewal[] = [
      ...waiting.map((job) => ({ job, as: "wait" as const })),
      ...[...queued.values()].map((job) => ({ job, as: "keep" as const })),
    ];
    for (let i = 0; i < all.length; i += batch) await renew(all.slice(i, i + batch));
    if (waiting.length > 0) await leases.park(waiting.filter(({ id }) => parked.has(id)));
  }

  function schedule(): void {
    if (closed) return;
    timer ??= setTimeout(() => {
      // Redis is away: the next pulse says it again.
      void pulse()
        .catch(() => {})
        .finally(() => {
          timer = undefined;
          if (queued.size + parked.size > 0) schedule();
        });
    }, pulseMs);
  }

  leases.onTurn((id) => {
    const waiting = parked.get(id);
    if (waiting) void renew([{ job: waiting.job, as: "wait" }]).catch(() => {});
  });
  /** A worker ends it, which tells whoever waits. */
  const abandon = (one: Parked) =>
    void start(one)
      .then(() => inner.cancel(one.job.id))
      .catch(() => {});
  inner.onCancel((id) => {
    const waiting = parked.get(id);
    if (waiting) abandon(waiting);
  });

  return {
    ...inner,
    add: (job) => put(job, () => inner.add(job)),
    addAgain: (job, mark) => put(job, () => inner.addAgain(job, mark)),
    async enter(job) {
      if (isPlaced(job)) entered.set(job.id, await take(job, job.segment > 0));
    },
    async leave(job) {
      if (!isPlaced(job) || !entered.delete(job.id)) return;
      await leases.leave(job).catch(() => {});
    },
    async withdraw(job) {
      const isParked = parked.delete(job.id);
      if (isParked) await leases.unpark(job.id).catch(() => {});
      else if (!(await inner.withdraw(job))) return false;
      queued.delete(job.id);
      if (isPlaced(job)) await leases.leave(job).catch(() => {});
      return true;
    },
    async find(id) {
      const open = await inner.find(id);
      const job = open ? undefined : (parked.get(id)?.job ?? (await leases.findParked(id)));
      return job ? { job, state: "queued" } : open;
    },
    async open(limit) {
      const [open, waiting] = await Promise.all([inner.open(limit), leases.openParked(limit)]);
      return [...open, ...waiting.map((job) => ({ job, state: "queued" as const }))];
    },
    async waits(job: Pick<PredictionJob, "id" | "segment"> & Partial<PredictionJob>, mark) {
      if (parked.has(job.id)) return true;
      if (!(await inner.waits(job, mark))) return (await leases.findParked(job.id)) !== undefined;
      // The process that let it in may have died: from here on this one keeps its places.
      if (isPlaced(job) && !queued.has(job.id)) await keep(job as PlacedJob);
      return true;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await inner.close();
    },
  };
}
