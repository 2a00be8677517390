import { newId, newPredictionId, type PredictionJob } from "@sluice/core/prediction/prediction";
import type { Subflow, SubflowCall } from "@sluice/engine/subflow";
import { finalWriteOf } from "./final-write-of.ts";
import { checkpointAfter, resultOf, stateOf } from "./run-end.ts";
import type { RunnerDeps } from "./run-prediction.ts";

/** Another flow at its newest version, as a prediction of its own that needs no place in the queue. */
export async function openSubflow(
  deps: RunnerDeps,
  parent: PredictionJob,
  call: SubflowCall,
  signal: AbortSignal,
): Promise<Subflow> {
  const { flowVersion, planned } = await deps.plans.newest(call.flowId);
  const now = Date.now();
  const job: PredictionJob = {
    ...parent,
    ...call,
    id: newPredictionId(now),
    segment: 0,
    flowVersion,
    messageId: newId(),
    executionId: newId(),
    replyTo: "",
    stream: false,
    newConversation: false,
    acceptedAt: now,
    accepted: false,
    seedFence: 0,
  };
  return {
    ...planned,
    messageId: job.messageId,
    services: {
      ...deps.services(job),
      emit() {},
      checkpoint() {},
      signal,
      subflow: (inner) => openSubflow(deps, job, inner, signal),
    },
    async finished({ question, overrideConfig }, outcome) {
      const request = { ...(question && { question }), ...(overrideConfig && { overrideConfig }) };
      const result = resultOf(job, request, outcome, now);
      const ended = {
        state: stateOf(outcome, signal.aborted),
        fence: 1,
        result,
        events: "[]",
        checkpoint: checkpointAfter(outcome, undefined),
      };
      await deps.writer.write(finalWriteOf(job, request, outcome, ended));
    },
  };
}
