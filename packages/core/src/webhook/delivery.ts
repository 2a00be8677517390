import { type Selectable, sql } from "kysely";
import type { Db } from "../database/open-database.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { notFound } from "../error.ts";

export type DeliveryRow = Selectable<Database["webhook_delivery"]>;

/** What a webhook was to tell of one prediction, oldest first. */
export const listDeliveries = (db: Db, predictionId: string): Promise<DeliveryRow[]> =>
  db
    .selectFrom("webhook_delivery")
    .selectAll()
    .where("prediction_id", "=", predictionId)
    .orderBy("created_at")
    .orderBy("id")
    .limit(100)
    .execute();

/** Sends a delivery again from its first attempt on, whatever became of it. */
export async function redeliver(db: Db, id: string): Promise<DeliveryRow> {
  const row = isUuid(id)
    ? await db
        .updateTable("webhook_delivery")
        .set({ state: "pending", attempts: 0, next_at: new Date() })
        .where("id", "=", id)
        .returningAll()
        .executeTakeFirst()
    : undefined;
  if (!row) throw notFound("Delivery", id);
  return row;
}

/** How long a taken delivery is left alone: longer than an attempt lasts. Past it, its dispatcher has died. */
const takenForMs = 60_000;

/** Takes deliveries that are due and counts the attempt, except those to the given hosts. */
export async function takeDue(db: Db, limit: number, busyHosts: string[]): Promise<DeliveryRow[]> {
  const { rows } = await sql<DeliveryRow>`
    update webhook_delivery set attempts = attempts + 1,
      next_at = now() + ${takenForMs} * interval '1 millisecond'
    where id in (
      select id from webhook_delivery
      where state = 'pending' and next_at <= now() and split_part(url, '/', 3) <> all(${busyHosts}::text[])
      order by next_at limit ${limit} for update skip locked)
    returning *`.execute(db);
  return rows;
}

export type Attempt =
  | { outcome: "delivered"; status: number }
  | { outcome: "failed"; status: number | null; error: string }
  | { outcome: "again"; status: number | null; error: string; inMs: number };

/** Notes how an attempt went, unless another one has been begun meanwhile. */
export async function noteAttempt(
  db: Db,
  { id, attempts }: Pick<DeliveryRow, "id" | "attempts">,
  attempt: Attempt,
): Promise<void> {
  await db
    .updateTable("webhook_delivery")
    .set({
      last_status: attempt.status,
      last_error: attempt.outcome === "delivered" ? null : attempt.error,
      ...(attempt.outcome === "again"
        ? { next_at: new Date(Date.now() + attempt.inMs) }
        : { state: attempt.outcome }),
      ...(attempt.outcome === "delivered" && { delivered_at: new Date() }),
    })
    .where("id", "=", id)
    .where("attempts", "=", attempts)
    .execute();
}

/** Deliveries that wait, and since when the first of them is due. */
export async function pendingDeliveries(db: Db): Promise<{ count: number; dueAt: Date | null }> {
  const { rows } = await sql<{ count: string; due_at: Date | null }>`
    select count(*) as count, min(next_at) as due_at from webhook_delivery where state = 'pending'`.execute(
    db,
  );
  return { count: Number(rows[0]?.count ?? 0), dueAt: rows[0]?.due_at ?? null };
}
