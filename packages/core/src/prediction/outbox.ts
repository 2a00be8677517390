import type { RunState } from "@sluice/engine/run-state";
import type { LogEntry, PredictionEvent } from "./prediction.ts";

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
  /** What is in the log, should Redis lose it; undefined when that is too much to keep. */
  kept: string[] | undefined;
  /** The log has been lost: what is kept goes out again. */
  forgotten: boolean;
  /** Entries of an earlier attempt that the log has not; they keep their ids. */
  restored: LogEntry[];
  /** Everything is logged: nobody waits here, readers come later or elsewhere. */
  keepsLog: boolean;
  urgent: boolean;
  /** In the middle of a text: its next pieces can be gathered. */
  flowing: boolean;
  ended: (() => void) | undefined;
  onLost(): void;
}

export const hasNews = ({ pending, restored }: Outbox) => pending.length > 0 || restored.length > 0;

/** Several lists as one. */
export const joined = (payloads: string[]) =>
  `[${payloads
    .map((payload) => payload.slice(1, -1))
    .filter(Boolean)
    .join(",")}]`;

export const isPiece = ({ type }: PredictionEvent) =>
  type === "text.delta" || type === "reasoning.delta";

/** Neighbouring pieces of one text become one; the id of the last stays. */
export function mergeDeltas(entries: LogEntry[]): LogEntry[] {
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
