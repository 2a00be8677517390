import { findFlow } from "@sluice/core/flow/flow";
import {
  deleteSchedule,
  findSchedule,
  listSchedules,
  noteFiring,
  saveSchedule,
  takeFiring,
} from "@sluice/core/schedule/schedule";
import type { OnFiring, ScheduleClock } from "@sluice/core/schedule/schedule-clock";
import { scheduleTriggerOf } from "@sluice/core/schedule/schedule-trigger";
import { FlowGraph } from "@sluice/engine/graph";
import { acceptAndEnqueue } from "./accept-and-enqueue.ts";
import type { Deps } from "./deps.ts";
import { newJob } from "./submit.ts";

const resyncMs = 5 * 60_000;
const deadlineMs = 24 * 3600_000;

interface ScheduleOptions {
  openClock(onFiring: OnFiring): ScheduleClock;
  minIntervalS: number;
}

/** Starts flows that have a schedule. Firings are accepted predictions: once they are told, they are run. */
export function openSchedules(deps: Deps, { openClock, minIntervalS }: ScheduleOptions) {
  const { db, log } = deps;
  const clock = openClock((flowId, scheduledAt) => fire(flowId, scheduledAt));
  const triggerOf = (flowData: string) =>
    scheduleTriggerOf(FlowGraph.parse(JSON.parse(flowData)), { minIntervalS });

  async function sync(flowId: string): Promise<void> {
    const flow = await findFlow(db, flowId);
    const trigger = flow && triggerOf(flow.flow_data);
    if (trigger) return clock.set(await saveSchedule(db, flowId, trigger));
    if (await findSchedule(db, flowId)) {
      await deleteSchedule(db, flowId);
      await clock.unset(flowId);
    }
  }

  async function fire(flowId: string, scheduledAt: Date): Promise<void> {
    const firing = await takeFiring(db, flowId, scheduledAt);
    if (!firing) return;
    try {
      const [flow, schedule] = await Promise.all([findFlow(db, flowId), findSchedule(db, flowId)]);
      const admitted = await deps.flows.get(flowId);
      const trigger = flow && triggerOf(flow.flow_data);
      if (!admitted || !trigger || !schedule?.enabled)
        return await noteFiring(db, firing, { status: "SKIPPED" });
      const read = {
        request: trigger.request,
        stream: true,
        chatId: undefined,
        sessionId: undefined,
      };
      const at = Date.now();
      const made = await newJob(deps, { flow: admitted, at }, read, {
        stream: true,
        chatType: "SCHEDULED",
      });
      const job = { ...made, deadlineAt: at + deadlineMs };
      const metadata = { scheduledAt: scheduledAt.toISOString() };
      await acceptAndEnqueue(deps, { job, metadata });
      await noteFiring(db, firing, { status: "RUNNING", prediction_id: job.id });
    } catch (error) {
      log.error(
        { flowId, reason: (error as Error).message },
        "A scheduled run could not be started",
      );
      await noteFiring(db, firing, { status: "FAILED", error: (error as Error).message });
    }
  }

  const quietly = (flowId: string) =>
    sync(flowId).catch((error: Error) => {
      log.warn({ flowId, reason: error.message }, "A flow's schedule is not kept");
    });

  /** Also after a Redis that came back empty. */
  async function syncAll(): Promise<void> {
    for (const { flow_id: flowId } of await listSchedules(db)) await quietly(flowId);
  }

  const timer = setInterval(() => void syncAll().catch(() => {}), resyncMs);
  timer.unref();
  void syncAll().catch(() => {});
  return {
    sync: quietly,
    async close(): Promise<void> {
      clearInterval(timer);
      await clock.close();
    },
  };
}
