import { setTimeout as delay } from "node:timers/promises";
import type { NodeProcess } from "./node-process.ts";

export interface KeptWorker {
  report(): { pid: number; url: string; readyMs: number };
  /** Its end is wanted from now on. */
  release(): void;
  stop(graceMs: number): Promise<void>;
}

const maxDeaths = 5;
const windowMs = 60_000;

/** Starts a worker and replaces it when it dies, later each time; gives up when it dies too often. */
export async function keepWorker(options: {
  name: string;
  start(): Promise<NodeProcess>;
  note(line: string): void;
  giveUp(reason: string): void;
}): Promise<KeptWorker> {
  const { name, note } = options;
  const released = new AbortController();
  let worker = await options.start();
  const keeping = keep();
  return {
    report: () => ({ pid: worker.pid, url: worker.url, readyMs: worker.readyMs }),
    release: () => released.abort(),
    async stop(graceMs) {
      released.abort();
      await worker.stop(graceMs);
      await keeping;
      // A replacement may have come up meanwhile.
      await worker.stop(graceMs);
    },
  };

  async function keep(): Promise<void> {
    let deaths: number[] = [];
    while (true) {
      const how = await worker.exit;
      if (released.signal.aborted) return;
      while (true) {
        deaths = [...deaths.filter((at) => at > Date.now() - windowMs), Date.now()];
        if (deaths.length >= maxDeaths)
          return options.giveUp(`${name} stopped ${maxDeaths} times in a minute`);
        const waitMs = 250 * 2 ** deaths.length;
        note(`${name} stopped (${how}): starting it again in ${waitMs / 1000} s`);
        await delay(waitMs, undefined, { signal: released.signal }).catch(() => {});
        if (released.signal.aborted) return;
        try {
          worker = await options.start();
          break;
        } catch (error) {
          if (released.signal.aborted) return;
          note(error instanceof Error ? error.message : String(error));
        }
      }
    }
  }
}
