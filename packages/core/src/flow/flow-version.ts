import type { Db } from "../database/open-database.ts";
import { notFound } from "../error.ts";
import type { Flow } from "./flow.ts";

/** A flow as it was at one version. */
export type FlowSnapshot = Omit<Flow, "created_date" | "updated_date">;

/** Older versions go, unless an open prediction is pinned to one. */
const keptVersions = 100;

export async function getFlowVersion(
  db: Db,
  flowId: string,
  version: number,
): Promise<FlowSnapshot> {
  const row = await db
    .selectFrom("flow_version")
    .select("snapshot")
    .where("flow_id", "=", flowId)
    .where("version", "=", version)
    .executeTakeFirst();
  if (!row) throw notFound("Version", `${version} of chatflow ${flowId}`);
  return JSON.parse(row.snapshot) as FlowSnapshot;
}

/** To be called in the transaction that made this version. */
export async function saveFlowVersion(db: Db, flow: Flow): Promise<void> {
  const { created_date, updated_date, ...snapshot } = flow;
  await db
    .insertInto("flow_version")
    .values({ flow_id: flow.id, version: flow.version, snapshot: JSON.stringify(snapshot) })
    .execute();
  if (flow.version <= keptVersions) return;
  await db
    .deleteFrom("flow_version")
    .where("flow_id", "=", flow.id)
    .where("version", "<=", flow.version - keptVersions)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("prediction")
            .select("prediction.id")
            .whereRef("prediction.flow_id", "=", "flow_version.flow_id")
            .whereRef("prediction.flow_version", "=", "flow_version.version")
            .where("prediction.state", "in", ["queued", "running", "paused"]),
        ),
      ),
    )
    .execute();
}
