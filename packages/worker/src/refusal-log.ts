import { explainRedisError } from "@sluice/core/doctor/connection-error";
import type { Log } from "@sluice/core/log";

const oftenMs = 5000;

/** A transaction that is discarded tells what was refused beside its own error. */
const firstOf = (error: Error & { previousErrors?: Error[] }) => error.previousErrors?.[0] ?? error;

/** Says, now and then, why Redis does not take a worker's heartbeat, and what to do. */
export function refusalLog(log: Pick<Log, "warn">): (error: Error) => void {
  let lastAt = 0;
  return (error) => {
    if (Date.now() - lastAt < oftenMs) return;
    lastAt = Date.now();
    const { message, remedy } = explainRedisError(error);
    log.warn(
      { reason: firstOf(error).message, remedy },
      `Redis does not take a heartbeat: ${message}`,
    );
  };
}
