import { setTimeout as sleep } from "node:timers/promises";
import { HandedBack } from "@sluice/engine/retrieval/index-documents";
import { AppError } from "../error.ts";
import {
  answerGraceMs,
  type UpsertEnd,
  type UpsertHandler,
  type UpsertJob,
  type Upserts,
} from "./upsert.ts";

const maxWaiting = 1000;

/** Upserts that run in this process, a few at a time; they end with it. */
export function openMemoryUpserts(
  concurrency: number,
  handle: UpsertHandler,
): Upserts & { drain(timeoutMs: number): Promise<void> } {
  const waiting = new Set<() => void>();
  const inHand = new Set<AbortController>();
  let draining = false;
  let taken = 0;

  /** False when there is none in time. */
  async function place({ deadlineAt }: UpsertJob): Promise<boolean> {
    if (taken < concurrency) {
      taken++;
      return true;
    }
    if (waiting.size >= maxWaiting)
      throw new AppError("unavailable", `${maxWaiting} upserts wait already; try again later`);
    return new Promise<boolean>((resolve) => {
      const late = setTimeout(
        () => {
          waiting.delete(next);
          resolve(false);
        },
        deadlineAt + answerGraceMs - Date.now(),
      );
      const next = () => {
        clearTimeout(late);
        resolve(true);
      };
      waiting.add(next);
    });
  }

  /** Who waits takes the place over. */
  function leave(): void {
    const [next] = waiting;
    if (!next) taken--;
    else {
      waiting.delete(next);
      next();
    }
  }

  async function run(job: UpsertJob): Promise<UpsertEnd | undefined> {
    if (draining) throw stopping();
    if (!(await place(job))) return undefined;
    const stop = new AbortController();
    inHand.add(stop);
    try {
      if (draining) throw stopping();
      return await handle(job, stop.signal);
    } catch (cause) {
      if (stop.signal.aborted) throw stopping();
      throw cause;
    } finally {
      inHand.delete(stop);
      leave();
    }
  }

  async function drain(timeoutMs: number): Promise<void> {
    draining = true;
    const until = Date.now() + timeoutMs;
    while (inHand.size > 0 && Date.now() < until) await sleep(20);
    for (const stop of inHand) stop.abort(new HandedBack());
  }

  return { run, drain, close: () => drain(0) };
}

const stopping = () => new AppError("unavailable", "The server stops: send the upsert again");
