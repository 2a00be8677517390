import { createHash } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db } from "../database/open-database.ts";
import type { Database } from "../database/schema.ts";
import { AppError, notFound } from "../error.ts";
import { outboxColumnsSql, outboxSql } from "../webhook/outbox.ts";
import { isFinal, type PredictionJob, type PredictionState } from "./prediction.ts";

export type PredictionRow = Selectable<Database["prediction"]>;

export interface Acceptance {
  job: PredictionJob;
  apiKeyId?: string | undefined;
  idempotencyKey?: string | undefined;
  /** What was asked, for telling a repeated request from another one under the same key. */
  asked?: unknown;
  metadata?: Record<string, unknown> | undefined;
  webhook?: { url: string; events: string[] } | undefined;
}

/**
 * Stores a prediction, from which moment on it will be answered. The same idempotency key and body give the earlier
 * prediction and `created: false`; another body under that key is a conflict.
 */
export async function acceptPrediction(
  db: Db,
  acceptance: Acceptance,
): Promise<{ row: PredictionRow; created: boolean }> {
  const { job, apiKeyId, idempotencyKey, metadata, webhook } = acceptance;
  const { request, ...kept } = job;
  const hash = idempotencyKey ? hashOf(acceptance.asked) : null;
  const row = await db
    .insertInto("prediction")
    .values({
      id: job.id,
      flow_id: job.flowId,
      flow_version: job.flowVersion,
      chat_id: job.chatId,
      session_id: job.sessionId,
      state: "queued",
      request: "sealed" in request ? Buffer.from(request.sealed, "base64") : null,
      job: JSON.stringify("object" in request ? job : kept),
      api_key_id: apiKeyId ?? null,
      idempotency_key: idempotencyKey ?? null,
      idempotency_hash: hash,
      metadata: metadata ? JSON.stringify(metadata) : null,
      webhook: webhook ? JSON.stringify(webhook) : null,
      priority: job.priority,
      execution_id: job.executionId,
      created_at: new Date(job.acceptedAt),
      deadline_at: new Date(job.deadlineAt),
    })
    .onConflict((conflict) =>
      conflict
        .columns(["api_key_id", "idempotency_key"])
        .where("idempotency_key", "is not", null)
        .doNothing(),
    )
    .returningAll()
    .executeTakeFirst();
  if (row) return { row, created: true };
  const earlier = await findRepeated(db, acceptance);
  if (!earlier) throw new AppError("conflict", `Idempotency-Key ${idempotencyKey} is in use`);
  return { row: earlier, created: false };
}

/** The earlier prediction of the same idempotency key and body; another body under that key is a conflict. */
export async function findRepeated(
  db: Db,
  { apiKeyId, idempotencyKey, asked }: Pick<Acceptance, "apiKeyId" | "idempotencyKey" | "asked">,
): Promise<PredictionRow | undefined> {
  const earlier = await db
    .selectFrom("prediction")
    .selectAll()
    .where("api_key_id", "=", apiKeyId ?? null)
    .where("idempotency_key", "=", idempotencyKey ?? null)
    .executeTakeFirst();
  if (earlier && earlier.idempotency_hash !== hashOf(asked))
    throw new AppError(
      "conflict",
      `Idempotency-Key ${idempotencyKey} was used for another request (${earlier.id})`,
    );
  return earlier;
}

const hashOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

export const findPrediction = (db: Db, id: string): Promise<PredictionRow | undefined> =>
  db.selectFrom("prediction").selectAll().where("id", "=", id).executeTakeFirst();

export async function getPrediction(db: Db, id: string): Promise<PredictionRow> {
  const row = await findPrediction(db, id);
  if (!row) throw notFound("Prediction", id);
  return row;
}

export interface PredictionFilter {
  flowId?: string | undefined;
  state?: PredictionState | undefined;
  chatId?: string | undefined;
  /** Id of the last prediction of the page before. */
  cursor?: string | undefined;
  limit: number;
}

/** Newest first. Ids sort by time, so one of them is a cursor. */
export function listPredictions(db: Db, filter: PredictionFilter): Promise<PredictionRow[]> {
  let query = db.selectFrom("prediction").selectAll();
  if (filter.flowId) query = query.where("flow_id", "=", filter.flowId);
  if (filter.state) query = query.where("state", "=", filter.state);
  if (filter.chatId) query = query.where("chat_id", "=", filter.chatId);
  if (filter.cursor) query = query.where("id", "<", filter.cursor);
  return query.orderBy("id", "desc").limit(filter.limit).execute();
}

const canceledWords = "The prediction was canceled";

/** Ends a stored prediction that no worker has begun. Undefined when one has, or it has ended. */
export async function cancelQueued(db: Db, id: string): Promise<PredictionJob | undefined> {
  const now = new Date();
  const row = await db
    .selectFrom("prediction")
    .select(["job", "state"])
    .where("id", "=", id)
    .where("state", "=", "queued")
    .executeTakeFirst();
  if (!row?.job) return undefined;
  const job = JSON.parse(row.job) as PredictionJob;
  const result = endedResult(job, canceledWords, now);
  const { rows } = await sql`
    with written as (
      update prediction
      set state = 'canceled', finished_at = ${now}, error = ${result.error}, result = ${JSON.stringify(result)}
      where id = ${id} and state = 'queued'
      returning ${sql.raw(outboxColumnsSql)}
    ), notified as (${sql.raw(outboxSql)})
    select id from written`.execute(db);
  return rows.length > 0 ? job : undefined;
}

/** Stores the end of a prediction whose caller was connected and that no worker will begin any more. */
export async function storeCanceled(db: Db, job: PredictionJob): Promise<void> {
  const now = new Date();
  const result = endedResult(job, canceledWords, now);
  await db
    .insertInto("prediction")
    .values({
      id: job.id,
      flow_id: job.flowId,
      flow_version: job.flowVersion,
      chat_id: job.chatId,
      session_id: job.sessionId,
      state: "canceled",
      segment: job.segment,
      priority: job.priority,
      result: JSON.stringify(result),
      error: result.error,
      events: "[]",
      created_at: new Date(job.acceptedAt),
      finished_at: now,
    })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}

/** Stored predictions of a conversation that no worker has begun. */
export async function listQueuedOfChat(db: Db, flowId: string, chatId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("prediction")
    .select("id")
    .where("flow_id", "=", flowId)
    .where("chat_id", "=", chatId)
    .where("state", "=", "queued")
    .limit(1000)
    .execute();
  return rows.map(({ id }) => id);
}

/** The result of a prediction that ended without a run. */
export const endedResult = (job: PredictionJob, error: string, at: Date) => ({
  text: "",
  error,
  chatId: job.chatId,
  sessionId: job.sessionId,
  messageId: job.messageId,
  executionId: job.executionId,
  startedAt: at.getTime(),
  endedAt: at.getTime(),
});

/** Says that a worker has begun. A final state stays. */
export async function markRunning(db: Db, ids: string[], fence: number): Promise<void> {
  await db
    .updateTable("prediction")
    .set({ state: "running", started_at: new Date(), fence })
    .where("id", "in", ids)
    .where("state", "in", ["queued", "running"])
    .where("fence", "<=", fence)
    .execute();
}

export interface Unfinished {
  job: Omit<PredictionJob, "request"> & Partial<Pick<PredictionJob, "request">>;
  request: Buffer | null;
  fence: number;
  state: string;
  createdAt: Date;
}

/** Accepted predictions that have not ended and are older than `olderThan`, oldest first. */
export async function listUnfinished(
  db: Db,
  olderThan: Date,
  limit: number,
): Promise<Unfinished[]> {
  const rows = await db
    .selectFrom("prediction")
    .select(["job", "request", "fence", "state", "created_at"])
    .where("state", "in", ["queued", "running"])
    .where("job", "is not", null)
    .where("created_at", "<", olderThan)
    .orderBy("created_at")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    job: JSON.parse(row.job!) as PredictionJob,
    request: row.request,
    fence: row.fence,
    state: row.state,
    createdAt: row.created_at,
  }));
}

export const hasEnded = (row: Pick<PredictionRow, "state">): boolean =>
  isFinal(row.state as PredictionState);
