import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import type { Db } from "../database/open-database.ts";
import type { Database } from "../database/schema.ts";
import type { ScheduleTrigger } from "./schedule-trigger.ts";

export type Schedule = Selectable<Database["schedule"]>;
export type ScheduleLog = Selectable<Database["schedule_log"]>;

/** Keeps a flow's schedule as its Start node has it now; whether it is enabled stays as it was. */
export async function saveSchedule(
  db: Db,
  flowId: string,
  trigger: ScheduleTrigger,
): Promise<Schedule> {
  const values = {
    cron: trigger.cron,
    timezone: trigger.timezone,
    ends_at: trigger.endsAt ?? null,
  };
  return db
    .insertInto("schedule")
    .values({ flow_id: flowId, ...values })
    .onConflict((conflict) =>
      conflict.column("flow_id").doUpdateSet({ ...values, updated_date: new Date() }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

export const findSchedule = (db: Db, flowId: string): Promise<Schedule | undefined> =>
  db.selectFrom("schedule").selectAll().where("flow_id", "=", flowId).executeTakeFirst();

export const listSchedules = (db: Db): Promise<Schedule[]> =>
  db.selectFrom("schedule").selectAll().execute();

export async function setScheduleEnabled(
  db: Db,
  flowId: string,
  enabled: boolean,
): Promise<Schedule | undefined> {
  return db
    .updateTable("schedule")
    .set({ enabled, updated_date: new Date() })
    .where("flow_id", "=", flowId)
    .returningAll()
    .executeTakeFirst();
}

export async function deleteSchedule(db: Db, flowId: string): Promise<void> {
  await db.deleteFrom("schedule").where("flow_id", "=", flowId).execute();
}

/** True for the one who may act on a firing: however many hear of it, its row is made once. */
export async function takeFiring(
  db: Db,
  flowId: string,
  scheduledAt: Date,
): Promise<string | undefined> {
  const row = await db
    .insertInto("schedule_log")
    .values({ id: randomUUID(), flow_id: flowId, scheduled_at: scheduledAt, status: "QUEUED" })
    .onConflict((conflict) => conflict.columns(["flow_id", "scheduled_at"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id;
}

export async function noteFiring(
  db: Db,
  id: string,
  change: { status: string; prediction_id?: string; error?: string },
): Promise<void> {
  await db.updateTable("schedule_log").set(change).where("id", "=", id).execute();
}

/** A firing ends as its prediction does. */
const endings: Record<string, string> = {
  succeeded: "SUCCEEDED",
  paused: "SUCCEEDED",
  failed: "FAILED",
  canceled: "FAILED",
  expired: "FAILED",
};

export async function listFirings(
  db: Db,
  flowId: string,
  { page, limit }: { page: number; limit: number },
): Promise<{ data: ScheduleLog[]; total: number }> {
  const rows = db.selectFrom("schedule_log").where("schedule_log.flow_id", "=", flowId);
  const [found, count] = await Promise.all([
    rows
      .leftJoin("prediction", "prediction.id", "schedule_log.prediction_id")
      .selectAll("schedule_log")
      .select(["prediction.state", "prediction.error as failure"])
      .orderBy("scheduled_at", "desc")
      .limit(limit)
      .offset((page - 1) * limit)
      .execute(),
    rows.select(({ fn }) => fn.countAll<string>().as("total")).executeTakeFirstOrThrow(),
  ]);
  const data = found.map(({ state, failure, ...row }) => ({
    ...row,
    status: (row.status === "RUNNING" && endings[state ?? ""]) || row.status,
    error: row.error ?? failure,
  }));
  return { data, total: Number(count.total) };
}

export async function deleteFirings(db: Db, flowId: string, ids: string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const { numDeletedRows } = await db
    .deleteFrom("schedule_log")
    .where("flow_id", "=", flowId)
    .where("id", "in", ids)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
