import { findEndedPrediction } from "@sluice/core/prediction/ended-prediction";
import type {
  FinalEvent,
  LogEntry,
  PredictionResult,
  PredictionState,
} from "@sluice/core/prediction/prediction";
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
  { transport, db, log }: Pick<Deps, "transport" | "db" | "log">,
  predictionId: string,
  timeoutMs: number,
  onEntries: (entries: LogEntry[]) => void = () => {},
): { ended: Promise<Ended | undefined>; stop(): void } {
  let finish: (ended: Ended | undefined) => void = () => {};
  const ended = new Promise<Ended | undefined>((resolve) => {
    finish = resolve;
  });
  const unfollow = transport.follow(predictionId, (entries) => {
    onEntries(entries);
    const last = entries.at(-1)?.event;
    if (last?.type === "prediction.ended") stop(last);
  });
  const recheck = setInterval(async () => {
    try {
      const found = await findEndedPrediction(db, predictionId);
      if (!found) return;
      const event: FinalEvent = { type: "prediction.ended", status: "FINISHED", ...found };
      onEntries([{ id: "", event }]);
      stop(found);
    } catch (error) {
      log.warn(
        { predictionId, reason: (error as Error).message },
        "The end of a prediction could not be looked up",
      );
    }
  }, recheckMs);
  const deadline = setTimeout(() => stop(undefined), timeoutMs);
  function stop(end?: Ended): void {
    clearInterval(recheck);
    clearTimeout(deadline);
    unfollow();
    finish(end);
  }
  return { ended, stop };
}
