import type { FleetReading } from "@sluice/core/prediction/read-fleet";
import { desiredCount, type Memory, type Policy } from "./desired-count.ts";
import type { WorkerService } from "./ecs-service.ts";

export interface Scaler {
  service: WorkerService;
  read(): Promise<FleetReading>;
  policy: Policy;
  /** What a worker is taken to hold while none has said so. */
  standardCapacity: number;
  /** False: look and tell, change nothing. */
  acts?: boolean;
}

/** One look and, if need be, one change. What it saw, for the log and the metrics. */
export interface Scaled {
  waiting: number;
  running: number;
  oldestSeconds: number;
  workers: number;
  capacity: number;
  /** Work in sight, in percent of what the workers hold. */
  occupancy: number;
  tasks: number;
  from: number;
  desired: number;
  deploying: boolean;
}

/** Compares what is needed with what the service itself says, so a count that somebody else set is seen. */
export async function scaleOnce(
  { service, read, policy, standardCapacity, acts = true }: Scaler,
  memory: Memory | undefined,
  atMs: number,
): Promise<{ scaled: Scaled; memory: Memory; servingRevision: number | undefined }> {
  const [state, fleet] = await Promise.all([service.read(), read()]);
  const sum = (pick: (worker: FleetReading["workers"][number]) => number) =>
    fleet.workers.reduce((total, worker) => total + pick(worker), 0);
  const ready = fleet.workers.length;
  const capacity = sum((worker) => worker.capacity);
  // A dead worker's predictions are still active in the queue; a finished one's may not have left its report.
  const running = Math.max(fleet.active, 0);
  const oldestMs = fleet.oldestAtMs === undefined ? 0 : Math.max(0, atMs - fleet.oldestAtMs);
  const decision = desiredCount(
    {
      atMs,
      waiting: fleet.waiting,
      running,
      oldestMs,
      perWorker: ready > 0 ? capacity / ready : standardCapacity,
      ready,
      desired: state.desired,
    },
    policy,
    memory,
  );
  // In the middle of a deployment ECS stops tasks by itself; fewer at the same time would stop the good ones.
  const held = !acts || (state.deploying && decision.desired < state.desired);
  const desired = held ? state.desired : decision.desired;
  if (desired !== state.desired) await service.setDesired(desired);
  return {
    servingRevision: state.servingRevision,
    memory: held && memory ? memory : decision.memory,
    scaled: {
      waiting: fleet.waiting,
      running,
      oldestSeconds: Math.round(oldestMs / 1000),
      workers: ready,
      capacity,
      occupancy: Math.round((100 * (fleet.waiting + running)) / (capacity || standardCapacity)),
      tasks: state.running,
      from: state.desired,
      desired,
      deploying: state.deploying,
    },
  };
}
