import type { RunState } from "@sluice/engine/run-state";
import type { LogEntry, PredictionEvent, PredictionJob } from "./prediction.ts";
import type { ApiTransport, Claim, WorkerTransport } from "./transport.ts";

interface Held {
  job: PredictionJob;
  entries: LogEntry[];
  canceled: boolean;
  ended: boolean;
  onCancel: (() => void) | undefined;
  lost: AbortController;
}

export interface MemoryTransportOptions {
  /** Predictions at work at once; more wait. */
  capacity: number;
  /** Predictions that may wait; more are refused. */
  maxWaiting: number;
  /** How long the log of an ended prediction is kept. */
  keepMs?: number;
}

/** Main mode: queue and log in one process. What was accepted is found again in Postgres after a restart. */
export function openMemoryTransport(
  options: MemoryTransportOptions,
): ApiTransport & WorkerTransport {
  const { keepMs = 60_000, maxWaiting } = options;
  let { capacity } = options;
  const known = new Map<string, Held>();
  const waiting: PredictionJob[] = [];
  const followers = new Map<string, Set<(entries: LogEntry[]) => void>>();
  const timers = new Set<NodeJS.Timeout>();
  let handler: ((job: PredictionJob, attempt: number) => Promise<void>) | undefined;
  let running = 0;
  let draining = false;

  function next(): void {
    while (handler && !draining && running < capacity) {
      const job = waiting.shift();
      if (!job) return;
      running++;
      void handler(job, 0).finally(() => {
        running--;
        next();
      });
    }
  }

  function append(held: Held, event: PredictionEvent): void {
    if (held.ended) return;
    const entry = { id: `1-${held.entries.length + 1}`, event };
    held.entries.push(entry);
    for (const listener of followers.get(held.job.id) ?? []) listener([entry]);
  }

  function forget(predictionId: string): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      known.delete(predictionId);
    }, keepMs);
    timers.add(timer);
    timer.unref();
  }

  const cancelWhere = (matches: (job: PredictionJob) => boolean) => {
    for (const held of known.values())
      if (!held.ended && matches(held.job)) {
        held.canceled = true;
        held.onCancel?.();
      }
  };

  return {
    inbox: "main",
    async add(job) {
      if (known.has(job.id)) return;
      if (waiting.length >= maxWaiting) throw new Error("The queue is full");
      known.set(job.id, {
        job,
        entries: [],
        canceled: false,
        ended: false,
        onCancel: undefined,
        lost: new AbortController(),
      });
      waiting.push(job);
      next();
    },
    follow(predictionId, listener) {
      const group = followers.get(predictionId) ?? new Set();
      followers.set(predictionId, group.add(listener));
      return () => {
        group.delete(listener);
        if (group.size === 0) followers.delete(predictionId);
      };
    },
    async read(predictionId, after) {
      const entries = known.get(predictionId)?.entries ?? [];
      return after
        ? entries.slice(entries.findIndex((entry) => entry.id === after) + 1)
        : [...entries];
    },
    cancel: async (predictionId) => cancelWhere((job) => job.id === predictionId),
    cancelChat: async (flowId, chatId) =>
      cancelWhere((job) => job.flowId === flowId && job.chatId === chatId),
    consume(take) {
      handler = take;
      next();
    },
    setCapacity(value) {
      capacity = value;
      next();
    },
    async claim(job, onCancel): Promise<Claim | undefined> {
      const held = known.get(job.id);
      if (!held || held.ended) return undefined;
      held.onCancel = onCancel;
      return {
        fence: 1,
        canceled: held.canceled,
        checkpoint: undefined,
        emit: (event) => append(held, event),
        checkpointed: (_state: RunState) => {},
        async end(event) {
          append(held, event);
          held.ended = true;
          forget(job.id);
        },
        release: () => forget(job.id),
        lost: held.lost.signal,
      };
    },
    ready: async () => !draining,
    running: () => running,
    async drain(timeoutMs) {
      draining = true;
      const until = Date.now() + timeoutMs;
      while (running > 0 && Date.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 25));
      for (const held of known.values()) if (!held.ended) held.lost.abort();
    },
    async close() {
      draining = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
