import {
  findPrediction,
  hasEnded,
  type PredictionRow,
} from "@sluice/core/prediction/accepted-prediction";
import { endOf } from "@sluice/core/prediction/ended-prediction";
import { replay } from "@sluice/core/prediction/event-record";
import type { FinalEvent, LogEntry, PredictionResult } from "@sluice/core/prediction/prediction";
import { freshEntries } from "@sluice/core/prediction/read-log";
import { watchCancel } from "./cancel-watch.ts";
import type { Deps } from "./deps.ts";

const recheckMs = 5000;

/**
 * All entries of a prediction after `after`, whether it waits, runs or has ended, and whoever runs it. `onEntries` gets them in
 * order and without gaps; `onEnd` is called once, after the last. Returns what ends it.
 */
export function followPrediction(
  { db, transport, log }: Pick<Deps, "db" | "transport" | "log">,
  predictionId: string,
  after: string | undefined,
  onEntries: (entries: LogEntry[]) => void,
  onEnd: () => void,
): () => void {
  let last = after ?? "";
  let done = false;
  let missing = false;
  const stopTail = transport.tail(predictionId, after, deliver);
  const timer = setInterval(() => void look(), recheckMs);
  const unwatch = watchCancel(transport, predictionId, () => void look());
  void look();

  function deliver(entries: LogEntry[]): void {
    if (done) return;
    const fresh = freshEntries(entries, last);
    if (fresh.length === 0) return;
    last = fresh.at(-1)!.id;
    onEntries(fresh);
    if (fresh.at(-1)!.event.type === "prediction.ended") stop(true);
  }

  /** The log of one that has ended may have gone: then its row has it. */
  async function look(): Promise<void> {
    try {
      const row = await findPrediction(db, predictionId);
      if (done) return;
      if (!row) return await lookForNothing();
      if (!(hasEnded(row) || row.state === "paused")) return;
      const execution = row.execution_id
        ? await db
            .selectFrom("execution")
            .select("execution_data")
            .where("id", "=", row.execution_id)
            .executeTakeFirst()
        : undefined;
      const entries = replay(row.events, execution?.execution_data ?? null, last);
      deliver(entries);
      if (!done) deliver([{ id: nextAfter(last), event: endOfRow(row) }]);
    } catch (error) {
      log.warn(
        { predictionId, reason: (error as Error).message },
        "The log of a prediction could not be looked up",
      );
    }
  }

  /** Deleted with its flow, it has no end to wait for. It may just have moved from the queue to its row, so twice. */
  async function lookForNothing(): Promise<void> {
    if (await transport.find(predictionId)) return;
    if (missing) stop(true);
    missing = true;
  }

  function stop(ended: boolean): void {
    if (done) return;
    done = true;
    clearInterval(timer);
    unwatch();
    stopTail();
    if (ended) onEnd();
  }

  return () => stop(false);
}

/** Canceled while it waited, nothing was logged: its end is made from its row. */
const endOfRow = (row: PredictionRow): FinalEvent =>
  endOf({
    state: row.state as FinalEvent["state"],
    result: JSON.parse(row.result ?? "{}") as PredictionResult,
  });

function nextAfter(id: string): string {
  const [fence = "0", sequence = "0"] = (id || "0-0").split("-");
  return `${fence}-${Number(sequence) + 1}`;
}
