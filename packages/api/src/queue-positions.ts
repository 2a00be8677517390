import type { ApiTransport } from "@sluice/core/prediction/transport";
import type { QueueOutlook } from "./queue-outlook.ts";

/** Where a prediction stands that waits for a worker. */
export interface QueuePosition {
  /** 1 is taken next. Behind the first thousand: how many wait in all. */
  position: number;
  /** By the pace that is measured; undefined while nobody serves. */
  expectedStartAt: string | undefined;
}

interface Watcher {
  predictionId: string;
  told: { position: number; startMs: number | undefined } | undefined;
  listener: (position: QueuePosition) => void;
}

const exactUpTo = 1000;
/** An expected start that moves by less is no news. */
const newsMs = 2000;
const firstLookMs = 200;

/** Tells readers where their predictions stand in the queue: one bounded read at a time for all of them, and none while nobody asks. */
export function openQueuePositions(
  { outlook, transport }: { outlook: QueueOutlook; transport: Pick<ApiTransport, "order"> },
  everyMs: number,
) {
  const watchers = new Set<Watcher>();
  let timer: NodeJS.Timeout | undefined;

  function schedule(ms: number): void {
    timer ??= setTimeout(() => {
      void look()
        .catch(() => {})
        .finally(() => {
          timer = undefined;
          if (watchers.size > 0) schedule(everyMs);
        });
    }, ms).unref();
  }

  async function look(): Promise<void> {
    const [ids] = await Promise.all([transport.order(exactUpTo), outlook.look()]);
    const places = new Map(ids.map((id, i) => [id, i + 1]));
    for (const watcher of [...watchers]) {
      const place = places.get(watcher.predictionId);
      // Behind the part that was read, unless all of it was: then it has left the queue, or is not there yet.
      if (place) tell(watcher, place);
      else if (ids.length >= exactUpTo)
        tell(watcher, Math.max(exactUpTo + 1, Math.round(outlook.estimate.waiting())));
    }
  }

  function tell(watcher: Watcher, position: number): void {
    const waitMs = outlook.estimate.waitAtMs(position);
    const startMs = waitMs === undefined ? undefined : Date.now() + waitMs;
    const { told } = watcher;
    const moved = Math.abs((startMs ?? 0) - (told?.startMs ?? 0)) >= newsMs;
    if (told && told.position === position && !moved) return;
    watcher.told = { position, startMs };
    const expectedStartAt = startMs === undefined ? undefined : new Date(startMs).toISOString();
    watcher.listener({ position, expectedStartAt });
  }

  return {
    /** Calls the listener while the prediction waits, when something has changed. Returns what ends it. */
    watch(predictionId: string, listener: Watcher["listener"]): () => void {
      const watcher: Watcher = { predictionId, told: undefined, listener };
      watchers.add(watcher);
      schedule(firstLookMs);
      return () => void watchers.delete(watcher);
    },
    close(): void {
      watchers.clear();
      clearTimeout(timer);
    },
  };
}
export type QueuePositions = ReturnType<typeof openQueuePositions>;
