import type { Db } from "../database/open-database.ts";
import type { Log } from "../log.ts";
import type { ApiTransport } from "../prediction/transport.ts";
import { type Attempt, type DeliveryRow, noteAttempt, takeDue } from "./delivery.ts";
import { type Sending, send } from "./send.ts";

interface DispatcherDeps extends Omit<Sending, "timeoutMs"> {
  db: Db;
  transport: Pick<ApiTransport, "lease">;
  log: Log;
  /** Told of every attempt. */
  onAttempt?: ((outcome: Attempt["outcome"]) => void) | undefined;
}

interface DispatcherSettings {
  pollMs: number;
  timeoutMs: number;
  /** Deliveries under way at once, in all and to one host: a slow receiver holds up only its own. */
  maxInFlight: number;
  maxPerHost: number;
}

const leaseMs = 15_000;
const defaults: DispatcherSettings = {
  pollMs: 1000,
  timeoutMs: 10_000,
  maxInFlight: 32,
  maxPerHost: 8,
};

/**
 * Sends what the outbox holds, one process of all at a time. A delivery is sent at least once: one whose dispatcher died
 * is sent again under the same id.
 */
export function openWebhookDispatcher(
  deps: DispatcherDeps,
  given: Partial<DispatcherSettings> = {},
) {
  const { db, transport, log } = deps;
  const settings = { ...defaults, ...given };
  const sending: Sending = { ...deps, timeoutMs: settings.timeoutMs };
  const inFlight = new Map<string, { host: string; done: Promise<void> }>();
  let askAgainAt = 0;
  let ticking: Promise<void> | undefined;
  let closed = false;

  async function holdsLease(): Promise<boolean> {
    if (Date.now() < askAgainAt) return true;
    if (!(await transport.lease("webhooks", leaseMs))) return false;
    askAgainAt = Date.now() + leaseMs / 3;
    return true;
  }

  function busyHosts(): string[] {
    const counts = new Map<string, number>();
    for (const { host } of inFlight.values()) counts.set(host, (counts.get(host) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= settings.maxPerHost).map(([host]) => host);
  }

  async function take(): Promise<void> {
    if (!(await holdsLease())) return;
    while (!closed && inFlight.size < settings.maxInFlight) {
      const limit = Math.min(settings.maxInFlight - inFlight.size, settings.maxPerHost);
      const rows = await takeDue(db, limit, busyHosts());
      for (const row of rows) {
        const done = attempt(row).finally(() => {
          inFlight.delete(row.id);
          wake();
        });
        inFlight.set(row.id, { host: row.url.split("/")[2] ?? "", done });
      }
      if (rows.length < limit) return;
    }
  }

  async function attempt(row: DeliveryRow): Promise<void> {
    const result = await send(sending, row);
    deps.onAttempt?.(result.outcome);
    if (result.outcome === "failed")
      log.warn(
        { predictionId: row.prediction_id, deliveryId: row.id, reason: result.error },
        "A webhook was given up",
      );
    await noteAttempt(db, row, result).catch((error: Error) => {
      log.warn(
        { deliveryId: row.id, reason: error.message },
        "A webhook's outcome could not be noted; it will be sent again",
      );
    });
  }

  /** Looks for due deliveries now. */
  function wake(): void {
    if (closed) return;
    ticking ??= take()
      .catch((error: Error) => {
        askAgainAt = 0;
        log.warn({ reason: error.message }, "Webhooks could not be read; trying again");
      })
      .finally(() => {
        ticking = undefined;
      });
  }

  const timer = setInterval(wake, settings.pollMs);
  timer.unref();
  wake();
  return {
    wake,
    /** Resolves when those under way are done; their time is limited. */
    async close(): Promise<void> {
      closed = true;
      clearInterval(timer);
      await ticking;
      await Promise.all([...inFlight.values()].map(({ done }) => done));
    },
  };
}
export type WebhookDispatcher = ReturnType<typeof openWebhookDispatcher>;
