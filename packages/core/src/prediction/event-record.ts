import type { NodeRecord } from "@sluice/engine/event";
import { compareEntryIds, type LogEntry, type PredictionEvent } from "./prediction.ts";

/** A text in one piece. `cuts` are where it was cut: id of a piece and where that ended, in turn. */
type RecordedEntry = LogEntry & {
  cuts?: (string | number)[];
  /** How many records of the execution are older than this segment of the run. */
  earlier?: number;
};

/** Text of one node in one piece: a replay needs no more. */
const maxEvents = 10_000;

/**
 * Collects a run's events for its row: neighbouring pieces of a text become one, and records, which the execution holds,
 * are left out. Entries keep their ids, and texts the places where they were cut, so a reader that comes back with one finds its place.
 */
export function openEventRecord() {
  const entries: RecordedEntry[] = [];
  return {
    add(id: string, event: PredictionEvent): void {
      if (entries.length >= maxEvents) return;
      const last = entries.at(-1);
      if (
        (event.type === "text.delta" || event.type === "reasoning.delta") &&
        last?.event.type === event.type &&
        last.event.nodeId === event.nodeId
      ) {
        const cuts = last.cuts ?? [];
        cuts.push(last.id, last.event.text.length);
        const text = last.event.text + event.text;
        entries[entries.length - 1] = { id, event: { ...event, text }, cuts };
      } else if (event.type === "flow.started" && event.records)
        entries.push({ id, event: { ...event, records: [] }, earlier: event.records.length });
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

/** The events of a row after `after` as they were emitted, records from the execution put back in order. */
export function replay(
  events: string | null,
  executionData: string | null,
  after = "",
): LogEntry[] {
  const entries = JSON.parse(events ?? "[]") as RecordedEntry[];
  const records = JSON.parse(executionData ?? "[]") as NodeRecord[];
  let next = 0;
  const all = entries.map((recorded) => {
    const { earlier, ...entry } = cutAt(recorded, after);
    const { event } = entry;
    if (event.type === "flow.started" && earlier !== undefined) {
      next = earlier;
      return { ...entry, event: { ...event, records: records.slice(0, next) } };
    }
    if (event.type !== "node.finished" || event.inner) return entry;
    const until = records.findIndex((record, i) => i >= next && record.nodeId === event.nodeId);
    if (until < 0) return entry;
    const found = records.slice(next, until + 1);
    next = until + 1;
    return { ...entry, event: { ...event, records: found } };
  });
  return after ? all.filter(({ id }) => compareEntryIds(id, after) > 0) : all;
}

/** All events of a record, in the pieces in which they were told. */
export function pieces(events: string, executionData: string): LogEntry[] {
  const recorded = JSON.parse(events) as RecordedEntry[];
  return replay(events, executionData).flatMap((entry, i) => inPieces(entry, recorded[i]?.cuts));
}

function inPieces({ id, event }: LogEntry, cuts: (string | number)[] = []): LogEntry[] {
  if (!("text" in event) || cuts.length === 0) return [{ id, event }];
  const told: LogEntry[] = [];
  let from = 0;
  for (let i = 0; i < cuts.length; i += 2) {
    const until = Number(cuts[i + 1]);
    told.push({ id: String(cuts[i]), event: { ...event, text: event.text.slice(from, until) } });
    from = until;
  }
  return [...told, { id, event: { ...event, text: event.text.slice(from) } }];
}

/** Leaves out what a reader that has everything up to `after` has of a text. */
function cutAt({ cuts = [], ...entry }: RecordedEntry, after: string): Omit<RecordedEntry, "cuts"> {
  const { event } = entry;
  if (!after || !("text" in event)) return entry;
  let known = 0;
  for (let i = 0; i < cuts.length; i += 2)
    if (compareEntryIds(String(cuts[i]), after) <= 0) known = Number(cuts[i + 1]);
  return { ...entry, event: { ...event, text: event.text.slice(known) } };
}
