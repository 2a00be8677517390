import type { Registry } from "prom-client";
import type { FleetReading } from "../prediction/read-fleet.ts";
import { readAtScrape } from "./read-at-scrape.ts";

/** The queue and all its workers; every API process says the same. */
export function fleetMetrics(registry: Registry, read: () => Promise<FleetReading>): void {
  readAtScrape(registry, read, [
    ["sluice_queue_waiting", "Predictions that wait for a worker", ({ waiting }) => waiting],
    ["sluice_queue_active", "Predictions that the queue counts as taken", ({ active }) => active],
    ["sluice_queue_oldest_age_seconds", "How long the first has waited", oldestAgeS],
    ["sluice_workers", "Live workers", ({ workers }) => workers.length],
    ["sluice_running", "Predictions that run, on all workers", sumOf("running")],
    ["sluice_capacity", "Predictions that all workers take at once", sumOf("capacity")],
  ]);
}

const oldestAgeS = ({ oldestAtMs }: FleetReading): number =>
  oldestAtMs === undefined ? 0 : Math.max(0, Date.now() - oldestAtMs) / 1000;

const sumOf =
  (part: "running" | "capacity") =>
  ({ workers }: FleetReading): number =>
    workers.reduce((total, worker) => total + worker[part], 0);
