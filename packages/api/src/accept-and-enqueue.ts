import {
  type Acceptance,
  acceptPrediction,
  type PredictionRow,
} from "@sluice/core/prediction/accepted-prediction";
import type { Deps } from "./deps.ts";
import { enqueue } from "./submit.ts";

/** Stores a prediction, from which moment on it will be answered, and queues it; one that was stored before is queued already. */
export async function acceptAndEnqueue(
  deps: Deps,
  { job: made, ...acceptance }: Acceptance,
): Promise<{ row: PredictionRow; created: boolean }> {
  const job = { ...made, accepted: true, replyTo: "" };
  const stored = await acceptPrediction(deps.db, { ...acceptance, job });
  // A queue that is away does not undo the acceptance: the reconciler finds what nobody has.
  if (stored.created) await enqueue(deps, job).catch(() => {});
  return stored;
}
