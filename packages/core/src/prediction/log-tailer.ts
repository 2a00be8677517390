import { duplicateRedis, type RedisConnection } from "../redis/open-redis.ts";
import { compareEntryIds, type LogEntry } from "./prediction.ts";
import { freshEntries } from "./read-log.ts";
import type { RedisKeys } from "./redis-keys.ts";

interface Tail {
  predictionId: string;
  last: string;
  listener: (entries: LogEntry[]) => void;
}

/** How long one read waits for news; a reader that joins meanwhile waits as long for its first new entry. */
const blockMs = 200;
const maxEntriesPerRead = 200;

/** Reads the logs of predictions that other processes wait for, all of them with one blocking call at a time. */
export function openLogTailer(redis: RedisConnection, keys: RedisKeys) {
  const tails = new Set<Tail>();
  let reader: RedisConnection | undefined;
  let looping = false;
  let closed = false;

  async function loop(): Promise<void> {
    looping = true;
    const connection = duplicateRedis(redis);
    connection.on("error", () => {});
    reader = connection;
    while (tails.size > 0 && !closed) {
      const group = [...tails];
      try {
        await readOnce(connection, group);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
    looping = false;
    connection.disconnect();
    reader = undefined;
  }

  async function readOnce(connection: RedisConnection, group: Tail[]): Promise<void> {
    const from = startsOf(group);
    const streams = [...from.keys()].map(keys.log);
    const ids = [...from.values()].map((last) => last || "0");
    const reply = await connection.call(
      "XREAD",
      "COUNT",
      maxEntriesPerRead,
      "BLOCK",
      blockMs,
      "STREAMS",
      ...streams,
      ...ids,
    );
    for (const [stream, rows] of byStream(reply)) {
      const entries = rows.flatMap(([, fields]) => JSON.parse(fields[1] ?? "[]") as LogEntry[]);
      for (const tail of group) if (keys.log(tail.predictionId) === stream) deliver(tail, entries);
    }
  }

  function deliver(tail: Tail, entries: LogEntry[]): void {
    if (!tails.has(tail)) return;
    const fresh = freshEntries(entries, tail.last);
    if (fresh.length === 0) return;
    tail.last = fresh.at(-1)!.id;
    tail.listener(fresh);
  }

  return {
    tail(predictionId: string, after: string | undefined, listener: Tail["listener"]): () => void {
      // The stream's ids are those of the last entry of a batch: begin a batch early and leave out what is known.
      const tail: Tail = { predictionId, last: after ?? "", listener };
      tails.add(tail);
      if (!looping) void loop();
      return () => void tails.delete(tail);
    },
    close(): void {
      closed = true;
      tails.clear();
      reader?.disconnect();
    },
  };
}

/** From where each log is read: one reader may be behind another of the same prediction. */
function startsOf(group: Tail[]): Map<string, string> {
  const starts = new Map<string, string>();
  for (const { predictionId, last } of group) {
    const known = starts.get(predictionId);
    if (known === undefined || isBefore(last, known)) starts.set(predictionId, last);
  }
  return starts;
}

const isBefore = (one: string, other: string): boolean =>
  one === "" || (other !== "" && compareEntryIds(one, other) < 0);

type Rows = [string, string[]][];

/** RESP2 answers with pairs, RESP3 with a map, which the client lays out flat. */
function byStream(reply: unknown): [string, Rows][] {
  if (!Array.isArray(reply)) return [];
  if (typeof reply[0] !== "string") return reply as [string, Rows][];
  const pairs: [string, Rows][] = [];
  for (let i = 0; i + 1 < reply.length; i += 2)
    pairs.push([reply[i] as string, reply[i + 1] as Rows]);
  return pairs;
}
