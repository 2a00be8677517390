import type { Db } from "../database/open-database.ts";
import { isFinal, type PredictionResult, type PredictionState } from "./prediction.ts";

/** The end of a prediction as Postgres has it; undefined while it has none. */
export async function findEndedPrediction(
  db: Db,
  id: string,
): Promise<{ state: PredictionState; result: PredictionResult } | undefined> {
  const row = await db
    .selectFrom("prediction")
    .leftJoin("execution", "execution.id", "prediction.execution_id")
    .select(["prediction.state", "prediction.result", "execution.execution_data"])
    .where("prediction.id", "=", id)
    .executeTakeFirst();
  const state = row?.state as PredictionState | undefined;
  if (!row?.result || !state || !(isFinal(state) || state === "paused")) return undefined;
  const result = JSON.parse(row.result) as PredictionResult;
  if (row.execution_data) result.records = JSON.parse(row.execution_data);
  return { state, result };
}
