import type { RunState } from "@sluice/engine/run-state";
import {
  type LogEntry,
  maxAttempts,
  type PredictionEvent,
  type PredictionJob,
} from "./prediction.ts";
import type { FleetReading } from "./read-fleet.ts";
import type { ApiTransport, Claim, WorkerTransport } from "./transport.ts";

type Handler = (job: PredictionJob, attempt: number) => Promise<void>;

interface Held {
  job: PredictionJob;
  entries: LogEntry[];
  canceled: boolean;
  ended: boolean;
  onCancel: (() => void) | undefined;
  latest: RunState | undefined;
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

export interface MemoryTransport extends ApiTransport, WorkerTransport {
  fleet(): FleetReading;
}

/** Main mode: queue and log in one process. What was accepted is found again in Postgres after a restart. */
export function openMemoryTransport(options: MemoryTransportOptions): MemoryTransport {
  const { keepMs = 60_000, maxWaiting } = options;
  let { capacity } = options;
  const known = new Map<string, Held>();
  const waiting: PredictionJob[] = [];
  const followers = new Map<string, Set<(entries: LogEntry[]) => void>>();
  const timers = new Set<NodeJS.Timeout>();
  let handler: Handler | undefined;
  const cancelListeners: ((predictionId: string) => void)[] = [];
  const chatListeners: ((flowId: string, chatId: string) => void)[] = [];
  const stateOf = (held: Held) => (held.onCancel ? ("running" as const) : ("queued" as const));
  let running = 0;
  let added = 0;
  let draining = false;

  function next(): void {
    while (handler && !draining && running < capacity) {
      const job = waiting.shift();
      if (!job) return;
      void take(handler, job);
    }
  }

  /** What fails is tried once more, from where it got to; the last attempt gives up by itself. */
  async function take(handle: Handler, job: PredictionJob): Promise<void> {
    running++;
    await handle(job, 0)
      .catch(() => handle(job, maxAttempts - 1))
      .catch(() => {});
    running--;
    const held = known.get(job.id);
    if (held && !held.ended) forget(held);
    next();
  }

  // A second attempt, after a restart, does not count on from the first.
  const fenceOf = ({ job }: Held) => job.seedFence + 1;
  const nextId = (held: Held) => `${fenceOf(held)}-${held.entries.length + 1}`;

  function append(held: Held, event: PredictionEvent): string {
    const entry = { id: nextId(held), event };
    if (held.ended) return entry.id;
    held.entries.push(entry);
    for (const listener of followers.get(held.job.id) ?? []) listener([entry]);
    return entry.id;
  }

  function forget(held: Held): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (known.get(held.job.id) === held) known.delete(held.job.id);
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
      const before = known.get(job.id);
      // A paused prediction goes on as its next segment.
      if (before && !(before.ended && job.segment > before.job.segment)) return;
      if (waiting.length >= maxWaiting) throw new Error("The queue is full");
      known.set(job.id, {
        job,
        entries: [],
        canceled: false,
        ended: false,
        onCancel: undefined,
        latest: undefined,
        lost: new AbortController(),
      });
      const behind = waiting.findLastIndex(({ priority }) => priority <= job.priority);
      waiting.splice(behind + 1, 0, job);
      added++;
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
    cancel: async (predictionId) => {
      cancelWhere((job) => job.id === predictionId);
      for (const listener of cancelListeners) listener(predictionId);
    },
    onCancel: (listener) => void cancelListeners.push(listener),
    onCancelChat: (listener) => void chatListeners.push(listener),
    async withdraw(job) {
      const place = waiting.findIndex(({ id }) => id === job.id);
      const held = known.get(job.id);
      if (place < 0 || !held) return false;
      waiting.splice(place, 1);
      held.ended = true;
      forget(held);
      return true;
    },
    tail(predictionId, after, listener) {
      const entries = known.get(predictionId)?.entries ?? [];
      const start = after ? entries.findIndex((entry) => entry.id === after) + 1 : 0;
      const missed = entries.slice(start);
      if (missed.length > 0) queueMicrotask(() => listener(missed));
      return this.follow(predictionId, listener);
    },
    async find(predictionId) {
      const held = known.get(predictionId);
      return held && !held.ended ? { job: held.job, state: stateOf(held) } : undefined;
    },
    async open(limit) {
      const open = [...known.values()].filter((held) => !held.ended).slice(-2 * limit);
      return open.map((held) => ({ job: held.job, state: stateOf(held) }));
    },
    order: async (limit) => waiting.slice(0, limit).map(({ id }) => id),
    async isClaimed(predictionId) {
      const held = known.get(predictionId);
      return held !== undefined && !held.ended && stateOf(held) === "running";
    },
    waits: async ({ id }) => known.get(id)?.ended === false,
    steady: () => true,
    addAgain(job) {
      return this.add(job);
    },
    lease: async () => true,
    cancelChat: async (flowId, chatId) => {
      cancelWhere((job) => job.flowId === flowId && job.chatId === chatId);
      for (const listener of chatListeners) listener(flowId, chatId);
    },
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
        fence: fenceOf(held),
        canceled: held.canceled,
        checkpoint: held.latest,
        emit: (event) => append(held, event),
        nextId: () => nextId(held),
        earlier: async () => [...held.entries],
        restore(entries) {
          held.entries.push(...entries);
          for (const listener of followers.get(job.id) ?? []) listener(entries);
        },
        checkpointed(state) {
          held.latest = state;
        },
        async end(event) {
          append(held, event);
          held.ended = true;
          forget(held);
        },
        release: async () => {},
        lost: held.lost.signal,
      };
    },
    ready: async () => !draining,
    running: () => running,
    fleet: () => ({
      waiting: waiting.length,
      active: running,
      added,
      oldestAtMs: waiting[0]?.acceptedAt,
      workers: draining ? [] : [{ capacity, running }],
    }),
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
