import { endOf, findEndedPrediction } from "@sluice/core/prediction/ended-prediction";
import type {
  LogEntry,
  PredictionJob,
  PredictionResult,
  PredictionState,
} from "@sluice/core/prediction/prediction";
import { cancelPrediction } from "./cancel-prediction.ts";
import { watchAbort, watchCancel } from "./cancel-watch.ts";
import type { Deps } from "./deps.ts";

const recheckMs = 10_000;

export interface Ended {
  state: PredictionState;
  result: PredictionResult;
}

/**
 * Follows a prediction to its end. `onEntries` gets what happens as it happens; the promise resolves with the end, or
 * with undefined when `timeoutMs` is over and the run goes on. An end whose message was lost is found in Postgres.
 */
export function waitForEnd(
  deps: Pick<Deps, "transport" | "db" | "objects" | "log">,
  job: PredictionJob,
  timeoutMs: number,
  onEntries: (entries: LogEntry[]) => void = () => {},
): { ended: Promise<Ended | undefined>; stop(): void } {
  const { transport, db, log } = deps;
  const predictionId = job.id;
  let finish: (ended: Ended | undefined) => void = () => {};
  const ended = new Promise<Ended | undefined>((resolve) => {
    finish = resolve;
  });
  let seen = "";
  let done = false;
  const unfollow = transport.follow(predictionId, (entries) => {
    seen = entries.at(-1)?.id ?? seen;
    onEntries(entries);
    const last = entries.at(-1)?.event;
    if (last?.type === "prediction.ended") stop(last);
  });
  const look = async () => {
    try {
      const found = await findEndedPrediction(db, job);
      if (done) return;
      if (!found) return await queueAgain(transport, job, seen);
      // The queue may be away still: what it holds of the way is in the record, too.
      const missed = job.stream ? found.told(seen) : [];
      onEntries([...missed, { id: "", event: endOf(found) }]);
      stop(found);
    } catch (error) {
      log.warn(
        { predictionId, reason: (error as Error).message },
        "The end of a prediction could not be looked up",
      );
    }
  };
  const recheck = setInterval(look, recheckMs);
  const unwatchCancel = watchCancel(transport, predictionId, () => void look());
  const unwatchAbort = watchAbort(transport, job, () => {
    cancelPrediction(deps, predictionId, job).catch((error: Error) => {
      const reason = error.message;
      log.warn(
        { predictionId, reason },
        "An abort is left to the worker that takes the prediction",
      );
    });
  });
  const deadline = setTimeout(() => stop(undefined), timeoutMs);
  function stop(end?: Ended): void {
    done = true;
    clearInterval(recheck);
    clearTimeout(deadline);
    unfollow();
    unwatchCancel();
    unwatchAbort();
    finish(end);
  }
  return { ended, stop };
}

/** A Redis that came back empty has forgotten the job; its caller still waits. */
async function queueAgain(
  transport: Deps["transport"],
  job: PredictionJob,
  seen: string,
): Promise<void> {
  if (!transport.steady()) return;
  if ((await transport.isClaimed(job.id)) || (await transport.find(job.id))) return;
  // The new attempt must not count from where the follower has been.
  await transport.add({
    ...job,
    seedFence: Math.max(job.seedFence, Number.parseInt(seen, 10) || 0),
  });
}
