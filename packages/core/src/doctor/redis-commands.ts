import type { Fleet } from "./finding.ts";

const secondsPerMonth = 30 * 24 * 3600;
// Measured on a Redis of our own (INFO stats), commands inside scripts included, with the default heartbeat.
const idlePerApi = 3;
const idlePerWorker = 6.5;
/** A worker looks after every other one. */
const idlePerPair = 1;
const perPrediction = 80;
/** Heartbeats of 5 s in the place of 1.2 s; what else a worker asks is as rare. */
const frugalShare = 1.2 / 5;

/** About how many commands a deployment sends, for services that bill each. */
export function commandEstimate({ apis, workers, frugal = false }: Fleet) {
  const perSecond =
    apis * idlePerApi +
    workers * (idlePerWorker + Math.max(0, workers - 1) * idlePerPair) * (frugal ? frugalShare : 1);
  return { idlePerMonth: Math.round(perSecond * secondsPerMonth), perPrediction };
}
