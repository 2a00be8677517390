import { type RawBuilder, sql } from "kysely";
import { deleteUploads, type GoneMessage } from "../conversation/delete-uploads.ts";
import type { Db } from "../database/open-database.ts";
import type { ObjectStore } from "../object-store/object-store.ts";

/** Rows of one statement: few enough to be over before anybody has to wait. */
const batch = 500;

interface Sweep {
  table: string;
  age: string;
  /** Whose rows may go; all without it. */
  only?: string;
  /** Columns that say which objects go with a row. */
  returning?: (keyof Gone)[];
}

type Gone = Partial<GoneMessage> & { job?: string | null };

// What tells of others goes first, so that nothing points at what is gone.
const sweeps: Sweep[] = [
  { table: "webhook_delivery", age: "created_at", only: "state <> 'pending'" },
  { table: "chat_message_feedback", age: "created_date" },
  {
    table: "chat_message",
    age: "created_date",
    returning: ["chatflowid", "chat_id", "file_uploads", "artifacts"],
  },
  { table: "execution", age: "updated_date" },
  { table: "upsert_history", age: "date" },
  {
    table: "prediction",
    age: "created_at",
    only: "state not in ('queued', 'running')",
    returning: ["job"],
  },
];

/**
 * Deletes what is older than `before`, batch by batch, and returns how many rows went. Rows that somebody holds are
 * passed over. `goesOn` is asked before each batch.
 */
export async function sweep(
  { db, objects }: { db: Db; objects: Pick<ObjectStore, "delete"> },
  before: Date,
  goesOn: () => Promise<boolean> = async () => true,
): Promise<number> {
  let swept = 0;
  for (const one of sweeps) {
    for (let rows = batch; rows === batch; swept += rows) {
      if (!(await goesOn())) return swept;
      const { rows: gone } = await statementOf(one, before).execute(db);
      for (const { job } of gone) await deleteRequest(objects, job);
      // A file that cannot be deleted stays; its row is gone already.
      if (one.table === "chat_message")
        await deleteUploads({ db, objects }, gone as GoneMessage[]).catch(() => {});
      rows = gone.length;
    }
  }
  return swept;
}

function statementOf({ table, age, only, returning }: Sweep, before: Date) {
  const name = sql.id(table);
  const filter: RawBuilder<unknown> = only ? sql`and ${sql.raw(only)}` : sql``;
  const columns = returning ? sql.join(returning.map((column) => sql.id(column))) : sql`1 as one`;
  return sql<Gone>`
    delete from ${name} where ctid = any(array(
      select ctid from ${name} where ${sql.id(age)} < ${before} ${filter}
      limit ${batch} for update skip locked))
    returning ${columns}`;
}

/** A large request lies in the object store; its row knows where. */
async function deleteRequest(
  objects: Pick<ObjectStore, "delete">,
  job: string | null | undefined,
): Promise<void> {
  const request = job ? (JSON.parse(job) as { request?: { object?: string } }).request : undefined;
  if (request?.object) await objects.delete(request.object).catch(() => {});
}
