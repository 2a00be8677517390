import type { RunState } from "@sluice/engine/run-state";
import type { RedisConnection } from "../redis/open-redis.ts";
import type { LogEntry, PredictionEvent } from "./prediction.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { appendScript } from "./redis-scripts.ts";

/** What a run has to tell and has not yet told. */
export interface Outbox {
  predictionId: string;
  jobId: string;
  fence: number;
  /** Channel of the API process that waits; "" when nobody does. */
  channel: string;
  /** False for a caller who waits for the end only: nothing leaves before. */
  stream: boolean;
  sequence: number;
  /** Id of the last entry that is out: readers see by it that nothing is missing. */
  sent: string;
  pending: LogEntry[];
  checkpoint: RunState | undefined;
  startedAt: number;
  lastFlushAt: number;
  logged: boolean;
  /** Everything is logged: nobody waits here, readers come later or elsewhere. */
  keepsLog: boolean;
  urgent: boolean;
  ended: (() => void) | undefined;
  onLost(): void;
}

export interface PublisherSettings {
  /** Shortest time between two calls, and how long tokens of one run may be gathered at most. */
  tickMs: number;
  maxMergeMs: number;
  /** A run younger than this keeps no log: its end carries all. */
  logAfterMs: number;
  expiryMs: number;
  endedExpiryMs: number;
  maxEntries: number;
}

export const defaultPublisherSettings: PublisherSettings = {
  tickMs: 1,
  maxMergeMs: 100,
  logAfterMs: 100,
  expiryMs: 24 * 3600_000,
  endedExpiryMs: 600_000,
  maxEntries: 10_000,
};

/**
 * Sends events of all runs of a process in one scripted call at a time; the next goes out when the last was acknowledged,
 * so batches grow by themselves under load. Node events and first tokens leave at once, later tokens are gathered.
 */
export function openEventPublisher(
  redis: RedisConnection,
  keys: RedisKeys,
  inHandKey: string,
  settings: PublisherSettings = defaultPublisherSettings,
) {
  const outboxes = new Set<Outbox>();
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let closed = false;

  // With many runs at work each may gather tokens a little longer: fewer and larger messages.
  const mergeMs = () => Math.min(settings.maxMergeMs, outboxes.size / 10);

  const isDue = (box: Outbox, now: number) => {
    if (box.ended) return true;
    if (box.checkpoint && now - box.startedAt >= settings.logAfterMs) return true;
    if (!box.stream || box.pending.length === 0) return false;
    return box.urgent || now - box.lastFlushAt >= mergeMs();
  };

  function wake(delayMs = settings.tickMs): void {
    if (busy || closed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void flush();
    }, delayMs);
  }

  async function flush(): Promise<void> {
    const now = Date.now();
    const due = [...outboxes].filter((box) => isDue(box, now));
    if (due.length === 0) return later();
    busy = true;
    const batches = due.map((box) => takeBatch(box, now));
    try {
      const lost = await send(due, batches);
      for (const [index, box] of due.entries()) settle(box, batches[index]!, lost.has(index));
    } catch {
      // Redis is away: everything goes back and out again with the next call.
      for (const [index, box] of due.entries()) restore(box, batches[index]!);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    busy = false;
    later();
  }

  function later(): void {
    if ([...outboxes].some((box) => box.ended || box.urgent)) wake();
    else if ([...outboxes].some((box) => box.pending.length > 0 && box.stream))
      wake(Math.max(1, mergeMs()));
    else if ([...outboxes].some((box) => box.checkpoint)) wake(settings.logAfterMs);
  }

  interface Batch {
    entries: LogEntry[];
    checkpoint: RunState | undefined;
    log: boolean;
  }

  function takeBatch(box: Outbox, now: number): Batch {
    const entries = mergeDeltas(box.pending);
    const old = now - box.startedAt >= settings.logAfterMs;
    const log = entries.length > 0 && (box.keepsLog || box.logged || !box.ended);
    const batch = { entries, checkpoint: old ? box.checkpoint : undefined, log };
    box.pending = [];
    if (old) box.checkpoint = undefined;
    box.urgent = false;
    box.lastFlushAt = now;
    return batch;
  }

  async function send(due: Outbox[], batches: Batch[]): Promise<Set<number>> {
    const keyList = [inHandKey];
    const args: (string | number)[] = [
      settings.expiryMs,
      settings.endedExpiryMs,
      settings.maxEntries,
    ];
    for (const [index, box] of due.entries()) {
      const { entries, checkpoint, log } = batches[index]!;
      const payload = JSON.stringify(entries);
      const last = entries.at(-1)?.id ?? "";
      keyList.push(keys.claim(box.predictionId), keys.log(box.predictionId));
      args.push(
        box.fence,
        entries.length > 0 ? box.channel : "",
        `${box.predictionId} ${box.sent || "-"} ${payload}`,
        log ? last : "",
        log ? payload : "",
        checkpoint ? JSON.stringify(checkpoint) : "",
        box.ended ? box.jobId : "",
      );
    }
    const lost = (await redis.eval(appendScript, keyList.length, ...keyList, ...args)) as number[];
    return new Set(lost);
  }

  function settle(box: Outbox, batch: Batch, lost: boolean): void {
    if (batch.log) box.logged = true;
    box.sent = batch.entries.at(-1)?.id ?? box.sent;
    if (lost) {
      outboxes.delete(box);
      box.onLost();
      box.ended?.();
    } else if (box.ended && box.pending.length === 0) {
      outboxes.delete(box);
      box.ended();
    }
  }

  function restore(box: Outbox, batch: Batch): void {
    box.pending = [...batch.entries, ...box.pending];
    box.checkpoint ??= batch.checkpoint;
    box.urgent = true;
  }

  return {
    add(box: Outbox): void {
      outboxes.add(box);
    },
    remove(box: Outbox): void {
      outboxes.delete(box);
    },
    emit(box: Outbox, event: PredictionEvent): string {
      const id = `${box.fence}-${++box.sequence}`;
      if (!outboxes.has(box)) return id;
      box.pending.push({ id, event });
      if (!box.stream) return id;
      if (event.type !== "text.delta" && event.type !== "reasoning.delta") box.urgent = true;
      else if (!box.logged) box.urgent = true;
      wake(box.urgent ? settings.tickMs : Math.max(1, mergeMs()));
      return id;
    },
    checkpoint(box: Outbox, state: RunState): void {
      box.checkpoint = state;
      wake(settings.logAfterMs);
    },
    /** Resolves when the last event is out, or another worker has taken over. */
    end(box: Outbox): Promise<void> {
      if (!outboxes.has(box)) return Promise.resolve();
      return new Promise((resolve) => {
        box.ended = resolve;
        if (timer) clearTimeout(timer);
        timer = undefined;
        wake(0);
      });
    },
    /** Resolves when nothing of a run waits to be sent, or after `timeoutMs`. */
    async drained(box: Outbox, timeoutMs: number): Promise<void> {
      const until = Date.now() + timeoutMs;
      while (outboxes.has(box) && (box.pending.length > 0 || busy) && Date.now() < until) {
        box.stream = true;
        box.urgent = true;
        wake(0);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    close(): void {
      closed = true;
      if (timer) clearTimeout(timer);
    },
  };
}

/** Neighbouring pieces of one text become one; the id of the last stays. */
function mergeDeltas(entries: LogEntry[]): LogEntry[] {
  const merged: LogEntry[] = [];
  for (const entry of entries) {
    const last = merged.at(-1);
    const { event } = entry;
    if (
      last &&
      (event.type === "text.delta" || event.type === "reasoning.delta") &&
      last.event.type === event.type &&
      last.event.nodeId === event.nodeId
    )
      merged[merged.length - 1] = {
        id: entry.id,
        event: { ...event, text: last.event.text + event.text },
      };
    else merged.push(entry);
  }
  return merged;
}
