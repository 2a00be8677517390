import type { RunState } from "@sluice/engine/run-state";
import type { Db, Pool } from "../database/open-database.ts";
import { pieces } from "./event-record.ts";
import type { LogEntry, PredictionJob } from "./prediction.ts";
import { freshEntries } from "./read-log.ts";
import type { Claim } from "./transport.ts";

/** How far an earlier attempt got, and what it told. */
export interface Progress {
  state: RunState;
  events: LogEntry[];
}

interface Noted {
  job: Pick<PredictionJob, "id" | "segment">;
  fence: number;
  read(): { state: RunState; events: string };
}

const maxBatch = 200;
/** Between two statements: a flow of many quick nodes is not written after each of them. */
const pauseMs = 100;
/** More is not written again and again. */
const maxLength = 4_000_000;

/**
 * Keeps in Postgres how far accepted predictions have come, what is noted in one moment in one statement. Nothing waits for it, and
 * what cannot be written is left to the next note.
 */
export function openProgressWriter(pool: Pool) {
  const waiting = new Map<string, Noted>();
  let busy: Promise<void> | undefined;
  let closed = false;

  async function work(): Promise<void> {
    while (waiting.size > 0 && !closed) {
      const batch = [...waiting.values()].slice(0, maxBatch);
      for (const { job } of batch) waiting.delete(job.id);
      await write(pool, batch).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    busy = undefined;
  }

  return {
    /** `read` is called when it is written: a run may have come further by then. */
    note(job: Noted["job"], fence: number, read: Noted["read"]): void {
      waiting.set(job.id, { job, fence, read });
      busy ??= new Promise<void>((turn) => setImmediate(turn)).then(work);
    },
    async close(): Promise<void> {
      closed = true;
      await busy;
    },
  };
}
export type ProgressWriter = ReturnType<typeof openProgressWriter>;

async function write(pool: Pool, batch: Noted[]): Promise<void> {
  const rows = batch
    .map(({ job, fence, read }) => ({ ...job, fence, text: JSON.stringify(read()) }))
    .filter(({ text }) => text.length <= maxLength);
  if (rows.length === 0) return;
  await pool.query({
    name: "note-progress",
    text: `update prediction set progress = noted.progress
      from unnest($1::text[], $2::int[], $3::int[], $4::text[]) as noted(id, segment, fence, progress)
      where prediction.id = noted.id and prediction.segment = noted.segment
        and prediction.state = 'running' and prediction.fence <= noted.fence`,
    values: [
      rows.map(({ id }) => id),
      rows.map(({ segment }) => segment),
      rows.map(({ fence }) => fence),
      rows.map(({ text }) => text),
    ],
  });
}

export async function findProgress(
  db: Db,
  { id, segment }: Pick<PredictionJob, "id" | "segment">,
): Promise<Progress | undefined> {
  const row = await db
    .selectFrom("prediction")
    .select("progress")
    .where("id", "=", id)
    .where("segment", "=", segment)
    .executeTakeFirst();
  if (!row?.progress) return undefined;
  const { state, events } = JSON.parse(row.progress) as ReturnType<Noted["read"]>;
  return { state, events: pieces(events, JSON.stringify(state.records)) };
}

/** What earlier attempts have told; the log gets back what it has lost of it. */
export async function earlierEvents(
  claim: Pick<Claim, "earlier" | "restore">,
  progress: Progress | undefined,
): Promise<LogEntry[]> {
  const found = await claim.earlier();
  const last = found.at(-1)?.id;
  const missed = freshEntries(progress?.events ?? [], last);
  if (missed.length > 0) claim.restore(missed);
  return [...found, ...missed];
}
