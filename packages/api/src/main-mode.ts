import { openMemoryCache } from "@sluice/core/cache/memory-cache";
import { holdsLeases } from "@sluice/core/limit/holds-leases";
import { leaseTiming } from "@sluice/core/limit/lease";
import { openMemoryIntake } from "@sluice/core/limit/memory-intake";
import { openMemoryLeases } from "@sluice/core/limit/memory-leases";
import { openPlacedTransport, type PlacedTransport } from "@sluice/core/limit/placed-transport";
import { openMemoryPresence } from "@sluice/core/limit/presence";
import { openMemoryTransport } from "@sluice/core/prediction/memory-transport";
import { openTimerClock } from "@sluice/core/schedule/timer-clock";
import { openMemoryUpserts } from "@sluice/core/upsert/memory-upserts";
import { cancelPrediction } from "./cancel-prediction.ts";
import type { Mode, ModeOptions } from "./queue-mode.ts";

/** Predictions run in this process; only here does the API load what executes them. */
export async function openMainMode(options: ModeOptions & { codeChildFile?: URL }): Promise<Mode> {
  const { config, ...shared } = options;
  const { openRunner } = await import("@sluice/worker/open-runner");
  const memory = openMemoryTransport({
    capacity: config.MAIN_CAPACITY,
    maxWaiting: config.MAX_QUEUED_PREDICTIONS,
  });
  const intake = openMemoryIntake();
  const { pulseMs, leaseMs } = leaseTiming(false);
  const leases = openMemoryLeases(leaseMs);
  const presence = openMemoryPresence({ leaseMs, graceMs: config.DISCONNECT_GRACE_SECONDS * 1000 });
  const transport: PlacedTransport = openPlacedTransport(memory, leases, {
    pulseMs,
    onInterrupt: (id) =>
      cancelPrediction({ db: shared.database.db, transport, objects: shared.objects }, id),
  });
  const held = holdsLeases(memory, { leases, presence, pulseMs });
  const runner = openRunner({
    ...shared,
    transport: held,
    settings: config,
    cache: openMemoryCache(),
  });
  const upserts = openMemoryUpserts(config.UPSERT_CONCURRENCY, runner.upsert);
  intake.onChange(runner.onChange);
  runner.start();
  return {
    transport,
    presence,
    intake,
    upserts,
    openClock: openTimerClock,
    fleet: async () => memory.fleet(),
    async close(timeoutMs) {
      await Promise.all([memory.drain(timeoutMs), upserts.drain(timeoutMs)]);
      await transport.close();
      await runner.close();
    },
  };
}
