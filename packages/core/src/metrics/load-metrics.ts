import { Gauge, type Registry } from "prom-client";

/** What this worker has in hand and how much it takes; read when scraped. */
export function loadMetrics(
  registry: Registry,
  load: { running(): number; capacity(): number },
): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("sluice_worker_running", "Predictions that run in this process", load.running);
  gauge("sluice_worker_capacity", "Predictions this process takes at once", load.capacity);
}
