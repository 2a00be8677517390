import { openMemoryIntake } from "@sluice/core/limit/memory-intake";
import { openMemoryTransport } from "@sluice/core/prediction/memory-transport";
import { openTimerClock } from "@sluice/core/schedule/timer-clock";
import type { Mode, ModeOptions } from "./queue-mode.ts";

const maxWaiting = 10_000;

/** Predictions run in this process; only here does the API load what executes them. */
export async function openMainMode(options: ModeOptions & { codeChildFile?: URL }): Promise<Mode> {
  const { config, ...shared } = options;
  const { openRunner } = await import("@sluice/worker/open-runner");
  const transport = openMemoryTransport({ capacity: config.MAIN_CAPACITY, maxWaiting });
  const intake = openMemoryIntake();
  const runner = openRunner({ ...shared, transport, settings: config });
  intake.onChange(runner.onChange);
  runner.start();
  return {
    transport,
    intake,
    openClock: openTimerClock,
    async fleet() {
      const waiting = (await transport.open(maxWaiting))
        .filter(({ state }) => state === "queued")
        .map(({ job }) => job.acceptedAt);
      const running = transport.running();
      return {
        waiting: waiting.length,
        active: running,
        oldestAtMs: waiting.length > 0 ? Math.min(...waiting) : undefined,
        workers: [{ capacity: config.MAIN_CAPACITY, running }],
      };
    },
    async close(timeoutMs) {
      await transport.drain(timeoutMs);
      await transport.close();
      await runner.close();
    },
  };
}
