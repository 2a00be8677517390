import type { Log } from "@sluice/core/log";
import type { RunMetrics } from "@sluice/core/metrics/run-metrics";
import { type EndedPrediction, endOf } from "@sluice/core/prediction/ended-prediction";
import { type EventRecord, openEventRecord } from "@sluice/core/prediction/event-record";
import type { FinalWriter } from "@sluice/core/prediction/final-write";
import type {
  FinalEvent,
  LogEntry,
  PredictionJob,
  PredictionRequest,
  PredictionState,
} from "@sluice/core/prediction/prediction";
import {
  earlierEvents,
  type Progress,
  type ProgressWriter,
} from "@sluice/core/prediction/progress";
import type { Claim, WorkerTransport } from "@sluice/core/prediction/transport";
import type { PredictionTrace, Tracing } from "@sluice/core/tracing/tracing";
import { resumedState } from "@sluice/engine/resume";
import { type Outcome, run } from "@sluice/engine/run";
import type { RunInput } from "@sluice/engine/run-input";
import type { RunState } from "@sluice/engine/run-state";
import type { Services } from "@sluice/engine/services";
import { finalWriteOf } from "./final-write-of.ts";
import { heard } from "./hear.ts";
import { measureRun } from "./metrics-run.ts";
import type { PlanCache, PlannedFlow } from "./plan-cache.ts";
import { checkpointAfter, expiry, failure, resultOf, stateOf } from "./run-end.ts";
import { openSubflow } from "./subflow.ts";

export interface RunnerDeps {
  transport: Pick<WorkerTransport, "claim">;
  plans: PlanCache;
  writer: FinalWriter;
  openRequest(job: PredictionJob): Promise<PredictionRequest>;
  /** After the end; never rejects. */
  dropRequest(job: PredictionJob): Promise<void>;
  /** The end of a prediction that another attempt has committed. */
  findEnded(job: PredictionJob): Promise<EndedPrediction | undefined>;
  /** How far an accepted prediction had come, where its queue has forgotten. */
  findProgress(job: PredictionJob): Promise<Progress | undefined>;
  noteProgress: ProgressWriter["note"];
  /** The state that a paused run goes on from. */
  findCheckpoint(id: string): Promise<RunState | undefined>;
  /** Says in Postgres that an accepted prediction has begun. */
  markRunning(id: string, fence: number): Promise<void>;
  /** What is set of speech for a flow, as Flowise stores it. */
  speechToText(flowId: string): Promise<string | null>;
  services(job: PredictionJob): Omit<Services, "emit" | "checkpoint" | "signal" | "subflow">;
  log: Log;
  metrics?: RunMetrics | undefined;
  tracing?: Tracing | undefined;
}

/** Runs one prediction: claim, run, commit, publish the end. Rejects only when it should be tried elsewhere. */
export async function runPrediction(
  deps: RunnerDeps,
  job: PredictionJob,
  attempt = 0,
): Promise<void> {
  const stop = new AbortController();
  const claim = await deps.transport.claim(job, () => stop.abort());
  if (!claim) return;
  const run = (trace?: PredictionTrace) => runClaimed(deps, job, attempt, { claim, stop, trace });
  await (deps.tracing ? deps.tracing.prediction(job, claim.fence, run) : run());
}

interface Claimed {
  claim: Claim;
  stop: AbortController;
  trace: PredictionTrace | undefined;
}

async function runClaimed(
  deps: RunnerDeps,
  job: PredictionJob,
  attempt: number,
  { claim, stop, trace }: Claimed,
): Promise<void> {
  claim.lost.addEventListener("abort", () => stop.abort(), { once: true });
  if (claim.canceled) stop.abort();
  const startedAt = Date.now();
  try {
    // Committed, but its end was not told: tell it, do not run it again.
    const ended = attempt > 0 || claim.fence > 1 ? await deps.findEnded(job) : undefined;
    if (ended) {
      await tell(claim, ended);
      return await deps.dropRequest(job);
    }
    if (job.accepted) await deps.markRunning(job.id, claim.fence);
    const { request, problem } = await heard(deps, job, await deps.openRequest(job), stop.signal);
    const paused = job.segment > 0 ? await deps.findCheckpoint(job.id) : undefined;
    const record = openEventRecord();
    const measured = deps.metrics && measureRun(deps.metrics, job, startedAt);
    const progress =
      job.accepted && claim.fence > 1 && !claim.checkpoint
        ? await deps.findProgress(job)
        : undefined;
    const earlier = await earlierEvents(claim, progress);
    for (const { id, event } of earlier) record.add(id, event);
    const recorded: Claim = {
      ...claim,
      checkpoint: claim.checkpoint ?? progress?.state,
      checkpointed(state) {
        claim.checkpointed(state);
        if (job.accepted)
          deps.noteProgress(job, claim.fence, () => ({ state, events: record.text() }));
      },
      emit(event) {
        const id = claim.emit(event);
        record.add(id, event);
        measured?.note(event);
        trace?.note(event);
        return id;
      },
    };
    const traced = trace ? tracedDeps(deps, trace) : deps;
    const outcome =
      startedAt > job.deadlineAt
        ? expiry(paused)
        : problem !== undefined
          ? failure(problem, paused)
          : await execute(traced, job, request, recorded, stop.signal, paused, earlier);
    // Another worker goes on with it: what happened here after that does not count.
    if (claim.lost.aborted) return claim.release();
    await finish(deps, job, request, outcome, claim, {
      startedAt,
      paused,
      canceled: stop.signal.aborted,
      record,
      onState(state) {
        measured?.ended(state);
        trace?.ended(state);
      },
    });
    await deps.dropRequest(job);
  } catch (error) {
    await claim.release();
    throw error;
  }
}

/** Brings readers what the attempt that wrote the end had no time to tell, and the end. */
async function tell(claim: Claim, ended: EndedPrediction): Promise<void> {
  const earlier = await claim.earlier();
  for (const { event } of ended.told(earlier.at(-1)?.id)) claim.emit(event);
  await claim.end(endOf(ended));
}

/** Flows that this run runs in turn are part of its trace. */
const tracedDeps = (deps: RunnerDeps, trace: PredictionTrace): RunnerDeps => ({
  ...deps,
  services: (job) => ({ ...deps.services(job), trace }),
});

async function execute(
  deps: RunnerDeps,
  job: PredictionJob,
  request: PredictionRequest,
  claim: Claim,
  signal: AbortSignal,
  paused: RunState | undefined,
  earlier: LogEntry[],
): Promise<Outcome> {
  let planned: PlannedFlow;
  try {
    planned = await deps.plans.get(job.flowId, job.flowVersion);
  } catch (error) {
    deps.log.error(
      { predictionId: job.id, flowId: job.flowId, reason: (error as Error).message },
      "A flow could not be loaded",
    );
    return failure(`The flow could not be loaded: ${(error as Error).message}`, paused);
  }
  const services: Services = {
    ...deps.services(job),
    emit: claim.emit,
    checkpoint: claim.checkpointed,
    signal,
    subflow: (call) => openSubflow(deps, job, call, signal),
  };
  announceRestart(claim, planned, earlier);
  try {
    const from = claim.checkpoint ?? (paused && resumedState(paused));
    if (job.segment > 0 && !from) return failure("The run that waited for this answer is gone");
    const outcome = await run(planned.plan, inputOf(job, request, planned), services, from);
    return await withFollowUps(outcome, planned, services);
  } catch (error) {
    return failure(error instanceof Error ? error.message : String(error), paused);
  }
}

/** Before the answer is stored, for they belong to it. */
async function withFollowUps(
  outcome: Outcome,
  { followUp }: PlannedFlow,
  services: Services,
): Promise<Outcome> {
  if (!followUp || outcome.status !== "FINISHED") return outcome;
  const { followUpQuestions } = await import("@sluice/engine/chatflow/after-answer");
  const questions = await followUpQuestions(outcome.text, followUp, { services });
  return questions ? { ...outcome, followUpPrompts: questions } : outcome;
}

/** Readers drop what they have of the node that an earlier attempt was cut in. */
function announceRestart(claim: Claim, { plan }: PlannedFlow, earlier: LogEntry[]): void {
  // A chatflow has no checkpoints and begins anew: what is dropped is its answer.
  const cut = claim.checkpoint ? claim.checkpoint.queue[0] : answeringNode(earlier);
  const node = plan.nodes.get(cut ?? "") ?? plan.chat?.endings.find(({ id }) => id === cut);
  if (node) claim.emit({ type: "node.restarted", nodeId: node.id, label: node.label });
}

function answeringNode(earlier: LogEntry[]): string | undefined {
  for (const { event } of earlier.toReversed())
    if (event.type === "chat.started") return event.nodeId;
  return undefined;
}

function inputOf(job: PredictionJob, request: PredictionRequest, planned: PlannedFlow): RunInput {
  const { leadEmail, ...asked } = request;
  return {
    ...asked,
    flowId: job.flowId,
    chatId: job.chatId,
    sessionId: job.sessionId,
    messageId: job.messageId,
    newConversation: job.newConversation,
    runId: job.id,
    stream: job.stream,
    ...(planned.permissions && { permissions: planned.permissions }),
  };
}

interface Finishing {
  startedAt: number;
  /** The state that the human's answer went to. */
  paused: RunState | undefined;
  canceled: boolean;
  record: EventRecord;
  /** Told of the state that was written. */
  onState: ((state: PredictionState) => void) | undefined;
}

async function finish(
  deps: RunnerDeps,
  job: PredictionJob,
  request: PredictionRequest,
  outcome: Outcome,
  claim: Claim,
  { startedAt, paused, canceled, record, onState }: Finishing,
): Promise<void> {
  const state = stateOf(outcome, canceled);
  const result = resultOf(job, request, outcome, startedAt);
  const end: FinalEvent = { type: "prediction.ended", state, status: outcome.status, result };
  const { records, ...kept } = result;
  record.add(claim.nextId(), { ...end, result: kept });
  const events = record.text();
  const checkpoint = checkpointAfter(outcome, paused);
  const written = { state, fence: claim.fence, result, events, checkpoint };
  const write = finalWriteOf(job, request, outcome, written);
  try {
    if (!(await deps.writer.write(write))) {
      deps.log.warn({ predictionId: job.id, fence: claim.fence }, "A late attempt wrote nothing");
      const ended = await deps.findEnded(job);
      return ended ? await claim.end(endOf(ended)) : claim.release();
    }
  } catch (error) {
    // The data is at fault, not the database: another attempt would meet the same.
    deps.log.error(
      { predictionId: job.id, reason: (error as Error).message },
      "An answer could not be stored",
    );
    onState?.("failed");
    const failed = { ...result, text: "", error: "The answer could not be stored" };
    return claim.end({ ...end, state: "failed", status: "ERROR", result: failed });
  }
  onState?.(state);
  await claim.end(end);
}
