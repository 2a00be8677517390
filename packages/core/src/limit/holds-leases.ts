import type { PredictionJob } from "../prediction/prediction.ts";
import type { WorkerTransport } from "../prediction/transport.ts";
import { isPlaced, type Leases, type Renewal } from "./lease.ts";
import type { Presence } from "./presence.ts";

interface Held {
  job: PredictionJob;
  onCancel(): void;
}

const batch = 100;

/**
 * Has whoever runs a prediction hold its places, and end it when nobody is there any more for whom it runs. What dies with its process
 * becomes free by itself; what is handed over is held by its next worker.
 */
export function holdsLeases<T extends WorkerTransport>(
  transport: T,
  { leases, presence, pulseMs }: { leases: Leases; presence: Presence; pulseMs: number },
): T {
  const held = new Map<string, Held>();
  let timer: NodeJS.Timeout | undefined;

  async function tell(some: Held[]): Promise<void> {
    // Nothing is said of one that has ended meanwhile: it has left.
    const still = some.filter(({ job }) => held.has(job.id)).map(({ job }) => job);
    const renewals = still.filter(isPlaced).map((job): Renewal => ({ job, as: "hold" }));
    if (renewals.length > 0) await leases.renew(renewals);
  }

  async function endDeserted(some: Held[]): Promise<void> {
    const bound = some.filter(({ job }) => job.onDisconnect === "cancel");
    if (bound.length === 0) return;
    const deserted = await presence.deserted(bound.map(({ job }) => job.id));
    for (const [i, one] of bound.entries()) if (deserted[i]) one.onCancel();
  }

  async function pulse(): Promise<void> {
    const all = [...held.values()];
    for (let i = 0; i < all.length; i += batch) await tell(all.slice(i, i + batch));
    await endDeserted(all);
  }

  function schedule(): void {
    if (timer) return;
    timer = setTimeout(() => {
      void pulse()
        .catch(() => {})
        .finally(() => {
          timer = undefined;
          if (held.size > 0) schedule();
        });
    }, pulseMs).unref();
  }

  return {
    ...transport,
    async claim(job, onCancel) {
      const claim = await transport.claim(job, onCancel);
      if (!claim || !(isPlaced(job) || job.onDisconnect === "cancel")) return claim;
      const one = { job, onCancel };
      held.set(job.id, one);
      void Promise.all([tell([one]), endDeserted([one])]).catch(() => {});
      schedule();
      const drop = () => {
        if (held.get(job.id) === one) held.delete(job.id);
      };
      claim.lost.addEventListener("abort", drop, { once: true });
      return {
        ...claim,
        end(event) {
          drop();
          // Sent before the end, on the same connection: whoever hears of the end finds the place free.
          if (isPlaced(job)) void leases.leave(job).catch(() => {});
          return claim.end(event);
        },
        release() {
          drop();
          return claim.release();
        },
      };
    },
  };
}
