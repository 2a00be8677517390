import type { NodeRecord } from "@sluice/engine/event";
import type { LogEntry, PredictionEvent } from "./prediction.ts";

/** Text of one node in one piece: a replay needs no more. */
const maxEvents = 10_000;

/**
 * Collects a run's events for its row: neighbouring pieces of a text become one, and records, which the execution holds,
 * are left out. Entries keep their ids, so a reader that comes back with one finds its place.
 */
export function openEventRecord() {
  const entries: LogEntry[] = [];
  return {
    add(id: string, event: PredictionEvent): void {
      if (entries.length >= maxEvents) return;
      const last = entries.at(-1);
      if (
        (event.type === "text.delta" || event.type === "reasoning.delta") &&
        last?.event.type === event.type &&
        last.event.nodeId === event.nodeId
      )
        entries[entries.length - 1] = {
          id,
          event: { ...event, text: last.event.text + event.text },
        };
      else entries.push({ id, event: withoutRecords(event) });
    },
    text: (): string => JSON.stringify(entries),
  };
}

export type EventRecord = ReturnType<typeof openEventRecord>;

function withoutRecords(event: PredictionEvent): PredictionEvent {
  if (event.type !== "node.finished") return event;
  return { ...event, records: [] };
}

/** The events of a row as they were emitted, records from the execution put back in order. */
export function replay(events: string | null, executionData: string | null): LogEntry[] {
  const entries = JSON.parse(events ?? "[]") as LogEntry[];
  const records = JSON.parse(executionData ?? "[]") as NodeRecord[];
  let next = 0;
  return entries.map((entry) => {
    const { event } = entry;
    if (event.type !== "node.finished" || event.inner) return entry;
    const until = records.findIndex((record, i) => i >= next && record.nodeId === event.nodeId);
    if (until < 0) return entry;
    const found = records.slice(next, until + 1);
    next = until + 1;
    return { ...entry, event: { ...event, records: found } };
  });
}
