import type { Schedule } from "./schedule.ts";
import type { OnFiring, ScheduleClock } from "./schedule-clock.ts";
import { nextFiring } from "./schedule-trigger.ts";

/** A timer cannot wait longer than this; it is set anew then. */
const maxWaitMs = 24 * 3600_000;

/** Schedules of a single process. */
export function openTimerClock(onFiring: OnFiring): ScheduleClock {
  const timers = new Map<string, NodeJS.Timeout>();

  function arm(schedule: Schedule, after: Date): void {
    const at = nextFiring(schedule.cron, schedule.timezone, after);
    if (schedule.ends_at && at > schedule.ends_at) return;
    const wait = Math.max(0, at.getTime() - Date.now());
    const timer = setTimeout(
      () => {
        if (wait > maxWaitMs) return arm(schedule, after);
        void onFiring(schedule.flow_id, at).catch(() => {});
        arm(schedule, at);
      },
      Math.min(wait, maxWaitMs),
    );
    timer.unref();
    timers.set(schedule.flow_id, timer);
  }

  async function unset(flowId: string): Promise<void> {
    clearTimeout(timers.get(flowId));
    timers.delete(flowId);
  }

  return {
    async set(schedule) {
      await unset(schedule.flow_id);
      if (schedule.enabled) arm(schedule, new Date());
    },
    unset,
    async close() {
      for (const flowId of [...timers.keys()]) await unset(flowId);
    },
  };
}
