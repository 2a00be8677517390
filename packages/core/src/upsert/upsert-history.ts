import type { UpsertedNode } from "@sluice/engine/chatflow/run-upsert";
import type { IndexedDocuments } from "@sluice/engine/retrieval/index-documents";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { parseInput } from "../parse-input.ts";

export type UpsertHistory = Selectable<Database["upsert_history"]>;

/** Flowise's shape of a row. */
export const UpsertHistoryReply = z.object({
  id: z.string(),
  chatflowid: z.string(),
  result: z.record(z.string(), z.unknown()),
  flowData: z.array(z.unknown()),
  date: z.string(),
});

export const toUpsertHistoryReply = (row: UpsertHistory): z.infer<typeof UpsertHistoryReply> => ({
  id: row.id,
  chatflowid: row.chatflowid,
  result: JSON.parse(row.result),
  flowData: JSON.parse(row.flow_data),
  date: row.date.toISOString(),
});

/** Notes what an upsert did; one that was repeated is noted once. What the documents say is not kept. */
export async function noteUpsert(
  db: Db,
  { id, flowId }: { id: string; flowId: string },
  { addedDocs, ...counts }: IndexedDocuments,
  nodes: UpsertedNode[],
): Promise<void> {
  await db
    .insertInto("upsert_history")
    .values({
      id,
      chatflowid: flowId,
      result: JSON.stringify(counts),
      flow_data: JSON.stringify(nodes),
    })
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet((eb) => ({ result: eb.ref("excluded.result") })),
    )
    .execute();
}

export interface UpsertHistoryFilter {
  order?: "ASC" | "DESC" | undefined;
  startDate?: Date | undefined;
  endDate?: Date | undefined;
}

export async function listUpserts(
  db: Db,
  flowId: string,
  { order = "ASC", startDate, endDate }: UpsertHistoryFilter = {},
): Promise<UpsertHistory[]> {
  if (!isUuid(flowId)) return [];
  let query = db.selectFrom("upsert_history").selectAll().where("chatflowid", "=", flowId);
  if (startDate) query = query.where("date", ">=", startDate);
  if (endDate) query = query.where("date", "<=", endDate);
  return query
    .orderBy("date", order === "DESC" ? "desc" : "asc")
    .limit(10_000)
    .execute();
}

export const UpsertHistoryPatch = z.object({ ids: z.array(z.string()).max(10_000) });

/** Forgets upserts; what they put into a vector store stays there. Returns how many there were. */
export async function deleteUpserts(db: Db, input: unknown): Promise<number> {
  const ids = parseInput(UpsertHistoryPatch, input).ids.filter(isUuid);
  if (ids.length === 0) return 0;
  const { numDeletedRows } = await db
    .deleteFrom("upsert_history")
    .where("id", "in", ids)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
