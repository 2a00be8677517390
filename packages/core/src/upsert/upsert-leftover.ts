import type { Db } from "../database/open-database.ts";

interface Place {
  flowId: string;
  nodeId: string;
}

const batchSize = 1000;

/** Notes chunks that a failed upsert could not take out of its store again. */
export async function noteLeftovers(
  db: Db,
  { flowId, nodeId }: Place,
  ids: string[],
): Promise<void> {
  for (let from = 0; from < ids.length; from += batchSize)
    await db
      .insertInto("upsert_leftover")
      .values(
        ids.slice(from, from + batchSize).map((id) => ({ id, flow_id: flowId, node_id: nodeId })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

export async function leftoversOf(db: Db, { flowId, nodeId }: Place): Promise<string[]> {
  const rows = await db
    .selectFrom("upsert_leftover")
    .select("id")
    .where("flow_id", "=", flowId)
    .where("node_id", "=", nodeId)
    .execute();
  return rows.map(({ id }) => id);
}

/** They are out of the store, or were put in again as they should be. */
export async function dropLeftovers(
  db: Db,
  { flowId, nodeId }: Place,
  ids: string[],
): Promise<void> {
  for (let from = 0; from < ids.length; from += batchSize)
    await db
      .deleteFrom("upsert_leftover")
      .where("flow_id", "=", flowId)
      .where("node_id", "=", nodeId)
      .where("id", "in", ids.slice(from, from + batchSize))
      .execute();
}
