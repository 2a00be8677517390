import { cancelQueued, storeCanceled } from "@sluice/core/prediction/accepted-prediction";
import type { PredictionJob } from "@sluice/core/prediction/prediction";
import { dropRequest } from "@sluice/core/prediction/sealed-request";
import type { Deps } from "./deps.ts";

type CancelDeps = Pick<Deps, "db" | "transport" | "objects">;

/** Ends a prediction: at once where no worker has begun it, else its worker is told. `known` is its job, if its caller is connected here. */
export async function cancelPrediction(
  deps: CancelDeps,
  id: string,
  known?: PredictionJob,
): Promise<void> {
  // Whoever hears of the cancel finds the end in Postgres.
  await endWaiting(deps, id, known);
  await deps.transport.cancel(id);
}

async function endWaiting(
  { db, transport, objects }: CancelDeps,
  id: string,
  known: PredictionJob | undefined,
): Promise<void> {
  const stored = await cancelQueued(db, id);
  const job = stored ?? known ?? (await transport.find(id))?.job;
  if (!job || !(await transport.withdraw(job))) return;
  if (!stored) await storeCanceled(db, job);
  await dropRequest(objects, job);
}
