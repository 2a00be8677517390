import type { RunStatus } from "@sluice/engine/event";
import type { Db } from "../database/open-database.ts";
import { replay } from "./event-record.ts";
import {
  type FinalEvent,
  isFinal,
  type LogEntry,
  type PredictionJob,
  type PredictionResult,
  type PredictionState,
} from "./prediction.ts";

/** A prediction's end as Postgres has it. */
export interface EndedPrediction {
  state: PredictionState;
  result: PredictionResult;
  /** What was told on the way, after the entry `after`, without the end. */
  told(after?: string): LogEntry[];
}

/** Undefined while there is no end, or only the pause of an earlier segment. */
export async function findEndedPrediction(
  db: Db,
  { id, segment }: Pick<PredictionJob, "id" | "segment">,
): Promise<EndedPrediction | undefined> {
  const row = await db
    .selectFrom("prediction")
    .leftJoin("execution", "execution.id", "prediction.execution_id")
    .select([
      "prediction.state",
      "prediction.segment",
      "prediction.result",
      "prediction.events",
      "execution.execution_data",
    ])
    .where("prediction.id", "=", id)
    .executeTakeFirst();
  const state = row?.state as PredictionState | undefined;
  if (!row?.result || !state) return undefined;
  if (!isFinal(state) && !(state === "paused" && row.segment >= segment)) return undefined;
  const result = JSON.parse(row.result) as PredictionResult;
  if (row.execution_data) result.records = JSON.parse(row.execution_data);
  return {
    state,
    result,
    told: (after) =>
      replay(row.events, row.execution_data, after).filter(
        ({ event }) => event.type !== "prediction.ended",
      ),
  };
}

const statuses: Partial<Record<PredictionState, RunStatus>> = {
  succeeded: "FINISHED",
  paused: "STOPPED",
  canceled: "TERMINATED",
};

/** The last entry of a log, made from what Postgres has. */
export const endOf = ({
  state,
  result,
}: Pick<EndedPrediction, "state" | "result">): FinalEvent => ({
  type: "prediction.ended",
  state,
  status: statuses[state] ?? "ERROR",
  result,
});
