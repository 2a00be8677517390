import { Counter, type Registry } from "prom-client";
import type { Db } from "../database/open-database.ts";
import { type Attempt, pendingDeliveries } from "../webhook/delivery.ts";
import { readAtScrape } from "./read-at-scrape.ts";

/** Attempts of this process, and what waits for all. */
export function webhookMetrics(registry: Registry, db: Db) {
  const attempts = new Counter({
    name: "sluice_webhook_attempts_total",
    help: "Attempts to deliver a webhook: delivered, to be tried again, or failed for good",
    labelNames: ["outcome"],
    registers: [registry],
  });
  readAtScrape(registry, () => pendingDeliveries(db), [
    ["sluice_webhooks_pending", "Webhooks that wait for an attempt", ({ count }) => count],
    [
      "sluice_webhook_overdue_seconds",
      "How long the first due webhook has waited",
      ({ dueAt }) => (dueAt ? Math.max(0, Date.now() - dueAt.getTime()) / 1000 : 0),
    ],
  ]);
  return { attempted: (outcome: Attempt["outcome"]) => attempts.inc({ outcome }) };
}
