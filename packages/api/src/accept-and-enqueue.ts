import {
  type Acceptance,
  acceptPrediction,
  findRepeated,
  type PredictionRow,
} from "@sluice/core/prediction/accepted-prediction";
import type { Deps } from "./deps.ts";
import { enqueue } from "./submit.ts";

/**
 * Stores a prediction, from which moment on it will be answered, and queues it; one that was stored before is queued already.
 * Throws before anything is stored when its flow or key has no place for it.
 */
export async function acceptAndEnqueue(
  deps: Deps,
  { job: made, ...acceptance }: Acceptance,
): Promise<{ row: PredictionRow; created: boolean }> {
  const job = { ...made, accepted: true, replyTo: "" };
  if (job.places) {
    // Asked again, it must not get into its own way.
    const row = acceptance.idempotencyKey && (await findRepeated(deps.db, acceptance));
    if (row) return { row, created: false };
    await deps.places.enter(job);
  }
  const stored = await acceptPrediction(deps.db, { ...acceptance, job }).catch(async (error) => {
    await deps.places.leave(job);
    throw error;
  });
  if (!stored.created) await deps.places.leave(job);
  // A queue that is away does not undo the acceptance: the reconciler finds what nobody has.
  if (stored.created) await enqueue(deps, job).catch(() => {});
  return stored;
}
