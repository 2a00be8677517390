import type { RedisConnection } from "../redis/open-redis.ts";
import { compareEntryIds, type LogEntry } from "./prediction.ts";

/** The entries of a log after `after`, all without it. */
export async function readLog(
  redis: RedisConnection,
  key: string,
  after?: string,
): Promise<LogEntry[]> {
  // A batch is stored under the id of its last entry, so that of `after` may begin before it.
  const start = after ? `(${after}` : "-";
  const rows = (await redis.call("XRANGE", key, start, "+")) as [string, string[]][];
  const entries = rows.flatMap(([, fields]) => JSON.parse(fields[1] ?? "[]") as LogEntry[]);
  return freshEntries(entries, after);
}

/** Entries after `after`, each once: what may not have arrived was sent again. */
export function freshEntries(entries: LogEntry[], after = ""): LogEntry[] {
  let last = after;
  return entries.filter(({ id }) => {
    if (last && compareEntryIds(id, last) <= 0) return false;
    last = id;
    return true;
  });
}
