import type { Schedule } from "./schedule.ts";

/** Tells when schedules fire. Several may tell of the same firing; {@link takeFiring} lets one act. */
export interface ScheduleClock {
  /** Sets or moves a flow's firings. */
  set(schedule: Schedule): Promise<void>;
  unset(flowId: string): Promise<void>;
  close(): Promise<void>;
}

export type OnFiring = (flowId: string, scheduledAt: Date) => Promise<void>;
