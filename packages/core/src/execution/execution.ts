import type { NodeRecord } from "@sluice/engine/event";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import { type Page, type Paged, paged } from "../database/page.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { notFound } from "../error.ts";
import { parseInput } from "../parse-input.ts";

/** One run of an agentflow: its row, and the name of its flow while that is there. */
export type Execution = Selectable<Database["execution"]> & { flow_name: string | null };

export interface ExecutionFilter extends Page {
  id?: string | undefined;
  agentflowId?: string | undefined;
  agentflowName?: string | undefined;
  sessionId?: string | undefined;
  states?: string[];
  startDate?: Date | undefined;
  endDate?: Date | undefined;
}

/** Newest change first; a page of twelve unless asked otherwise. */
export async function listExecutions(
  db: Db,
  filter: ExecutionFilter = {},
): Promise<Paged<Execution>> {
  const { id, agentflowId, agentflowName, sessionId, states = [], startDate, endDate } = filter;
  if ([id, agentflowId].some((given) => given !== undefined && !isUuid(given)))
    return { data: [], total: 0 };
  let query = withFlow(db);
  if (id) query = query.where("execution.id", "=", id);
  if (agentflowId) query = query.where("execution.agentflow_id", "=", agentflowId);
  if (agentflowName) query = query.where("flow.name", "ilike", contains(agentflowName));
  if (sessionId) query = query.where("execution.session_id", "=", sessionId);
  if (states.length > 0) query = query.where("execution.state", "in", states);
  if (startDate) query = query.where("execution.created_date", ">=", startDate);
  if (endDate) query = query.where("execution.created_date", "<=", endDate);
  const page = { page: filter.page || 1, limit: filter.limit || 12 };
  return paged(query.orderBy("execution.updated_date", "desc").orderBy("execution.id"), page);
}

export async function getExecution(db: Db, id: string): Promise<Execution> {
  const row = isUuid(id)
    ? await withFlow(db).where("execution.id", "=", id).executeTakeFirst()
    : undefined;
  if (!row) throw notFound("Execution", id);
  return row;
}

/** The newest run of a conversation: what a resume goes on from and persisted state comes from. */
export async function findPreviousExecution(
  db: Db,
  flowId: string,
  sessionId: string,
): Promise<{ id: string; state: string; records: NodeRecord[] } | undefined> {
  const row = await db
    .selectFrom("execution")
    .select(["id", "state", "execution_data"])
    .where("agentflow_id", "=", flowId)
    .where("session_id", "=", sessionId)
    .orderBy("created_date", "desc")
    .limit(1)
    .executeTakeFirst();
  if (!row) return undefined;
  const { id, state, execution_data: records } = row;
  return { id, state, records: JSON.parse(records) as NodeRecord[] };
}

export const ExecutionPatch = z.object({ isPublic: z.boolean().optional() });

export async function updateExecution(db: Db, id: string, input: unknown): Promise<Execution> {
  const { isPublic } = parseInput(ExecutionPatch, input);
  await getExecution(db, id);
  await db
    .updateTable("execution")
    .set({ ...(isPublic !== undefined && { is_public: isPublic }), updated_date: new Date() })
    .where("id", "=", id)
    .execute();
  return getExecution(db, id);
}

export async function deleteExecutions(db: Db, ids: string[]): Promise<number> {
  const known = ids.filter(isUuid);
  if (known.length === 0) return 0;
  const result = await db.deleteFrom("execution").where("id", "in", known).executeTakeFirst();
  return Number(result.numDeletedRows);
}

function withFlow(db: Db) {
  return db
    .selectFrom("execution")
    .leftJoin("flow", "flow.id", "execution.agentflow_id")
    .selectAll("execution")
    .select("flow.name as flow_name");
}

const contains = (text: string) => `%${text.replace(/[\\%_]/g, "\\$&")}%`;
