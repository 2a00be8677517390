import { openMemoryCache } from "@sluice/core/cache/memory-cache";
import { openMemoryIntake } from "@sluice/core/limit/memory-intake";
import { openMemoryTransport } from "@sluice/core/prediction/memory-transport";
import { openTimerClock } from "@sluice/core/schedule/timer-clock";
import { openMemoryUpserts } from "@sluice/core/upsert/memory-upserts";
import type { Mode, ModeOptions } from "./queue-mode.ts";

/** Predictions run in this process; only here does the API load what executes them. */
export async function openMainMode(options: ModeOptions & { codeChildFile?: URL }): Promise<Mode> {
  const { config, ...shared } = options;
  const { openRunner } = await import("@sluice/worker/open-runner");
  const transport = openMemoryTransport({
    capacity: config.MAIN_CAPACITY,
    maxWaiting: config.MAX_QUEUED_PREDICTIONS,
  });
  const intake = openMemoryIntake();
  const runner = openRunner({ ...shared, transport, settings: config, cache: openMemoryCache() });
  const upserts = openMemoryUpserts(config.UPSERT_CONCURRENCY, runner.upsert);
  intake.onChange(runner.onChange);
  runner.start();
  return {
    transport,
    intake,
    upserts,
    openClock: openTimerClock,
    fleet: async () => transport.fleet(),
    async close(timeoutMs) {
      await Promise.all([transport.drain(timeoutMs), upserts.drain(timeoutMs)]);
      await transport.close();
      await runner.close();
    },
  };
}
