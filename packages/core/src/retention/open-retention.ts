import type { Db } from "../database/open-database.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../object-store/object-store.ts";
import type { ApiTransport } from "../prediction/transport.ts";
import { sweep } from "./sweep.ts";

const dayMs = 24 * 3600_000;
const leaseMs = 60_000;
const pauseMs = 20;

interface RetentionDeps {
  db: Db;
  objects: Pick<ObjectStore, "delete">;
  transport: Pick<ApiTransport, "lease">;
  log: Log;
}

/** Deletes what is older than so many days, every hour; one process of all at a time. */
export function openRetention(deps: RetentionDeps, days: number, intervalMs = 3600_000) {
  let closed = false;
  let running = Promise.resolve();
  let leasedUntil = 0;

  const goesOn = async (): Promise<boolean> => {
    if (closed) return false;
    // The database has other things to do as well.
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (Date.now() < leasedUntil - leaseMs / 2) return true;
    leasedUntil = Date.now() + leaseMs;
    return deps.transport.lease("retention", leaseMs);
  };

  const tick = () => {
    running = running
      .then(async () => {
        const rows = await sweep(deps, new Date(Date.now() - days * dayMs), goesOn);
        if (rows > 0) deps.log.info({ rows, days }, "Old rows were deleted");
      })
      .catch((error: Error) => {
        deps.log.warn({ reason: error.message }, "Old rows could not be deleted; trying again");
      });
  };
  const timer = setInterval(tick, intervalMs);
  timer.unref();
  tick();
  return {
    async close(): Promise<void> {
      closed = true;
      clearInterval(timer);
      await running;
    },
  };
}
