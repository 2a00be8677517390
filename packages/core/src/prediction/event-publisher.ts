import type { RunState } from "@sluice/engine/run-state";
import type { RedisConnection } from "../redis/open-redis.ts";
import { hasNews, isPiece, joined, mergeDeltas, type Outbox } from "./outbox.ts";
import type { LogEntry, PredictionEvent } from "./prediction.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { appendScript, defineScript } from "./redis-scripts.ts";

export interface PublisherSettings {
  /** Shortest time between two calls, that with many runs at work, and how long tokens of one run may be gathered at most. */
  tickMs: number;
  maxTickMs: number;
  maxMergeMs: number;
  /** A run younger than this keeps no log: its end carries all. */
  logAfterMs: number;
  expiryMs: number;
  endedExpiryMs: number;
  maxEntries: number;
  /** Of all runs of a process. */
  maxKeptBytes: number;
}

export const defaultPublisherSettings: PublisherSettings = {
  tickMs: 1,
  maxTickMs: 5,
  maxMergeMs: 100,
  logAfterMs: 100,
  expiryMs: 24 * 3600_000,
  endedExpiryMs: 600_000,
  maxEntries: 10_000,
  maxKeptBytes: 8_000_000,
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
  onForgotten: () => void = () => {},
) {
  const outboxes = new Set<Outbox>();
  const append = defineScript(redis, "sluiceAppend", appendScript);
  let cancelWake: (() => void) | undefined;
  let wakeAt = 0;
  let flushedAt = 0;
  let busy = false;
  let closed = false;
  let keptBytes = 0;

  // With many runs at work each may gather tokens a little longer: fewer and larger messages.
  const mergeMs = () => Math.min(settings.maxMergeMs, outboxes.size / 5);
  const gatherMs = () => Math.max(1, mergeMs());

  const isDue = (box: Outbox, now: number) => {
    if (box.ended) return true;
    if (box.checkpoint && now - box.startedAt >= settings.logAfterMs) return true;
    if (!box.stream || !hasNews(box)) return false;
    return box.urgent || now - box.lastFlushAt >= mergeMs();
  };

  /** Flushes after `delayMs`, or earlier if that was asked for already. */
  function wake(delayMs: number): void {
    // A call under way looks for what is left when it is back.
    if (busy || closed) return;
    const at = performance.now() + delayMs;
    if (cancelWake && wakeAt <= at) return;
    cancelWake?.();
    wakeAt = at;
    const act = () => {
      cancelWake = undefined;
      void flush();
    };
    if (delayMs > 0) {
      const timer = setTimeout(act, delayMs);
      cancelWake = () => clearTimeout(timer);
    } else {
      const turn = setImmediate(act);
      cancelWake = () => clearImmediate(turn);
    }
  }

  // After a quiet moment the first call leaves at once; under load ticks grow and gather more for each.
  const tickMs = () => Math.max(settings.tickMs, Math.min(settings.maxTickMs, outboxes.size / 50));
  const wakeSoon = () => wake(flushedAt + tickMs() - performance.now());

  async function flush(): Promise<void> {
    const now = Date.now();
    flushedAt = performance.now();
    const due = [...outboxes].filter((box) => isDue(box, now));
    if (due.length === 0) return later();
    busy = true;
    const batches = due.map((box) => takeBatch(box, now));
    try {
      const { lost, forgotten } = await send(due, batches);
      for (const [index, box] of due.entries())
        if (forgotten.has(index)) sendAgain(box, batches[index]!);
        else settle(box, batches[index]!, lost.has(index));
      if (forgotten.size > 0) onForgotten();
    } catch {
      // Redis is away: everything goes back and out again with the next call.
      for (const [index, box] of due.entries()) restore(box, batches[index]!);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    busy = false;
    later();
  }

  function later(): void {
    let delayMs = Number.POSITIVE_INFINITY;
    for (const box of outboxes) {
      if (box.ended || box.urgent) delayMs = 0;
      else if (hasNews(box) && box.stream) delayMs = Math.min(delayMs, gatherMs());
      else if (box.checkpoint) delayMs = Math.min(delayMs, settings.logAfterMs);
    }
    if (delayMs === 0) wakeSoon();
    else if (delayMs < Number.POSITIVE_INFINITY) wake(delayMs);
  }

  interface Batch {
    entries: LogEntry[];
    checkpoint: RunState | undefined;
    log: boolean;
    payload: string;
  }

  function takeBatch(box: Outbox, now: number): Batch {
    const entries = [...box.restored, ...mergeDeltas(box.pending)];
    const old = now - box.startedAt >= settings.logAfterMs;
    const log = entries.length > 0 && (box.keepsLog || box.logged || !box.ended);
    const payload = JSON.stringify(entries);
    const batch = { entries, checkpoint: old ? box.checkpoint : undefined, log, payload };
    box.pending = [];
    box.restored = [];
    if (old) box.checkpoint = undefined;
    box.urgent = false;
    box.lastFlushAt = now;
    return batch;
  }

  async function send(due: Outbox[], batches: Batch[]) {
    const keyList = [inHandKey];
    const args: (string | number)[] = [
      settings.expiryMs,
      settings.endedExpiryMs,
      settings.maxEntries,
    ];
    for (const [index, box] of due.entries()) {
      const { entries, checkpoint, log, payload } = batches[index]!;
      const last = entries.at(-1)?.id ?? "";
      keyList.push(keys.claim(box.predictionId), keys.log(box.predictionId));
      args.push(
        box.fence,
        entries.length > 0 ? box.channel : "",
        `${box.predictionId} ${box.sent || "-"} `,
        log ? last : "",
        box.forgotten && log ? joined([...(box.kept ?? []), payload]) : payload,
        checkpoint ? JSON.stringify(checkpoint) : "",
        box.ended ? box.jobId : "",
        box.logged && box.kept && !box.forgotten ? box.sent : "",
      );
    }
    const [lost, forgotten] = (await append(keyList.length, ...keyList, ...args)) as number[][];
    return { lost: new Set(lost), forgotten: new Set(forgotten) };
  }

  function settle(box: Outbox, batch: Batch, lost: boolean): void {
    if (batch.log) {
      box.logged = true;
      box.forgotten = false;
      keep(box, batch.payload);
    }
    box.sent = batch.entries.at(-1)?.id ?? box.sent;
    if (lost) {
      remove(box);
      box.onLost();
      box.ended?.();
    } else if (box.ended && box.pending.length === 0) {
      remove(box);
      box.ended();
    }
  }

  function keep(box: Outbox, payload: string): void {
    if (!box.kept) return;
    box.kept.push(payload);
    keptBytes += payload.length;
    // Its record in Postgres tells what is not kept here.
    if (keptBytes > settings.maxKeptBytes) drop(box);
  }

  function drop(box: Outbox): void {
    for (const payload of box.kept ?? []) keptBytes -= payload.length;
    box.kept = undefined;
  }

  function remove(box: Outbox): void {
    outboxes.delete(box);
    drop(box);
  }

  /** Redis came back without the log, or was emptied: all of it goes out again, under the same ids. */
  function sendAgain(box: Outbox, batch: Batch): void {
    restore(box, batch);
    box.forgotten = true;
  }

  function restore(box: Outbox, batch: Batch): void {
    // In the pieces in which they would have gone: they may have arrived.
    box.restored = batch.entries;
    box.checkpoint ??= batch.checkpoint;
    box.urgent = true;
  }

  return {
    add(box: Outbox): void {
      outboxes.add(box);
    },
    remove,
    emit(box: Outbox, event: PredictionEvent): string {
      const id = `${box.fence}-${++box.sequence}`;
      if (!outboxes.has(box)) return id;
      box.pending.push({ id, event });
      if (!box.stream) return id;
      const piece = isPiece(event);
      if (!piece || !box.flowing) box.urgent = true;
      box.flowing = piece;
      if (box.urgent) wakeSoon();
      else wake(gatherMs());
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
        wakeSoon();
      });
    },
    /** Resolves when nothing of a run waits to be sent, or after `timeoutMs`. */
    async drained(box: Outbox, timeoutMs: number): Promise<void> {
      const until = Date.now() + timeoutMs;
      while (outboxes.has(box) && (hasNews(box) || busy) && Date.now() < until) {
        box.stream = true;
        box.urgent = true;
        wake(0);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    close(): void {
      closed = true;
      cancelWake?.();
    },
  };
}
