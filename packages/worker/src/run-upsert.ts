import type { Db } from "@sluice/core/database/open-database";
import { AppError } from "@sluice/core/error";
import { type FlowSnapshot, getFlowVersion } from "@sluice/core/flow/flow-version";
import type { Log } from "@sluice/core/log";
import type { Seals } from "@sluice/core/object-store/sealed-value";
import {
  dropUpsertRequest,
  openUpsertRequest,
  type UpsertEnd,
  type UpsertJob,
} from "@sluice/core/upsert/upsert";
import { noteUpsert } from "@sluice/core/upsert/upsert-history";
import { dropLeftovers, leftoversOf, noteLeftovers } from "@sluice/core/upsert/upsert-leftover";
import { planUpsert, UpsertRefusal } from "@sluice/engine/chatflow/plan-upsert";
import { runUpsert, upsertedNodes } from "@sluice/engine/chatflow/run-upsert";
import { FlowGraph } from "@sluice/engine/graph";
import { HalfIndexed, HandedBack } from "@sluice/engine/retrieval/index-documents";
import { type RunInput, readPermissions } from "@sluice/engine/run-input";
import type { Services } from "@sluice/engine/services";

export interface UpsertDeps {
  db: Db;
  seals: Seals;
  services(
    job: Pick<UpsertJob, "flowId" | "chatId">,
  ): Omit<Services, "emit" | "checkpoint" | "signal" | "subflow">;
  log: Log;
}

/**
 * Runs one upsert. What the flow, its providers or its store do wrong is an end; rejects when it was told to stop, and
 * when it should be tried again.
 */
export async function runUpsertJob(
  deps: UpsertDeps,
  job: UpsertJob,
  stop: AbortSignal,
): Promise<UpsertEnd> {
  const end = await fill(deps, job, stop).catch((error: unknown): UpsertEnd => {
    if (!(error instanceof AppError) && !(error instanceof UpsertRefusal)) throw error;
    return { error: { code: error.code, message: error.message } };
  });
  await dropUpsertRequest(deps.seals, job);
  const told = "error" in end ? { failed: end.error.code } : { added: end.result.numAdded };
  deps.log.info({ upsertId: job.id, flowId: job.flowId, ...told }, "An upsert ended");
  return end;
}

async function fill(deps: UpsertDeps, job: UpsertJob, stop: AbortSignal): Promise<UpsertEnd> {
  const { db, seals } = deps;
  const leftMs = job.deadlineAt - Date.now();
  if (leftMs <= 0) throw tooLate();
  const [flow, { stopNodeId, overrideConfig }] = await Promise.all([
    getFlowVersion(db, job.flowId, job.flowVersion),
    openUpsertRequest(seals, job),
  ]);
  const plan = planUpsert(FlowGraph.parse(JSON.parse(flow.flow_data)), stopNodeId);
  const input = inputOf(job, flow, overrideConfig);
  const place = { flowId: job.flowId, nodeId: plan.store.id };
  const left = await leftoversOf(db, place);
  const inTime = AbortSignal.timeout(leftMs);
  const services: Services = {
    ...deps.services(job),
    signal: AbortSignal.any([stop, inTime]),
    emit() {},
    checkpoint() {},
    subflow: () => Promise.reject(new Error("An upsert runs no other flow")),
  };
  const result = await runUpsert(plan, input, services, { id: job.id, left }).catch(
    async (cause: Error) => {
      if (stop.reason instanceof HandedBack) throw stop.reason;
      if (cause instanceof HalfIndexed) await noteLeftovers(db, place, cause.left);
      if (cause instanceof UpsertRefusal) throw cause;
      throw inTime.aborted ? tooLate(cause) : new AppError("failed", cause.message, { cause });
    },
  );
  await dropLeftovers(db, place, left);
  await noteUpsert(db, job, result, upsertedNodes(plan, input));
  return { result };
}

function inputOf(
  { id, flowId, chatId }: UpsertJob,
  flow: FlowSnapshot,
  overrideConfig: Record<string, unknown> | undefined,
): RunInput {
  const sessionId = overrideConfig?.sessionId;
  const permissions = readPermissions(flow.api_config ? JSON.parse(flow.api_config) : null);
  return {
    flowId,
    chatId,
    sessionId: typeof sessionId === "string" && sessionId ? sessionId : chatId,
    messageId: id,
    ...(overrideConfig && { overrideConfig }),
    ...(permissions && { permissions }),
  };
}

const tooLate = (cause?: Error) =>
  new AppError(
    "timeout",
    "The upsert was given up: it had not ended within UPSERT_TIMEOUT_SECONDS",
    { cause },
  );
