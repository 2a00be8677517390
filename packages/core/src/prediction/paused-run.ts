import type { RunState } from "@sluice/engine/run-state";
import type { Db } from "../database/open-database.ts";
import { AppError } from "../error.ts";
import type { PredictionJob } from "./prediction.ts";

/** A run that waits for a human, or whose last answer could not be worked off. */
export interface PausedRun {
  predictionId: string;
  state: "paused" | "failed" | "expired" | "canceled";
  segment: number;
  fence: number;
  flowVersion: number;
  chatId: string;
  executionId: string;
}

const takenMessage = "Another answer to this question is being worked off already";

/** The run of a conversation that an answer of a human goes to. `nodeId` is the node that the caller means. */
export async function getPausedRun(
  db: Db,
  flowId: string,
  sessionId: string,
  nodeId?: string,
): Promise<PausedRun> {
  const newest = await db
    .selectFrom("execution")
    .select(["id", "state", "action"])
    .where("agentflow_id", "=", flowId)
    .where("session_id", "=", sessionId)
    .orderBy("created_date", "desc")
    .limit(1)
    .executeTakeFirst();
  const row =
    newest &&
    (await db
      .selectFrom("prediction")
      .select(["id", "state", "segment", "fence", "flow_version", "chat_id", "checkpoint"])
      .where("execution_id", "=", newest.id)
      .where("checkpoint", "is not", null)
      .orderBy("id", "desc")
      .limit(1)
      .executeTakeFirst());
  if (!row) throw new AppError("conflict", "No run of this conversation waits for an answer");
  const { state } = row;
  if (state !== "paused" && state !== "failed" && state !== "expired" && state !== "canceled")
    throw new AppError("conflict", takenMessage);
  const waiting = waitingNode(row.checkpoint!);
  if (nodeId && waiting !== nodeId)
    throw new AppError("conflict", `The run waits at ${waiting}, not at ${nodeId}`);
  return {
    predictionId: row.id,
    state,
    segment: row.segment,
    fence: row.fence,
    flowVersion: row.flow_version,
    chatId: row.chat_id,
    executionId: newest.id,
  };
}

const waitingNode = (checkpoint: string) => (JSON.parse(checkpoint) as RunState).paused?.nodeId;

/**
 * Makes a paused run a queued one again; only one of several answers succeeds. A paused prediction goes on as its
 * next segment. One that has ended stays as it is, and a new one goes on in its place.
 */
export async function resumePrediction(
  db: Db,
  paused: PausedRun,
  job: PredictionJob,
): Promise<void> {
  const { request, ...kept } = job;
  const queued = {
    segment: job.segment,
    job: JSON.stringify("object" in request ? job : kept),
    request: "sealed" in request ? Buffer.from(request.sealed, "base64") : null,
    deadline_at: new Date(job.deadlineAt),
  };
  await db.transaction().execute(async (tx) => {
    // The buttons of the question are answered.
    await tx
      .updateTable("chat_message")
      .set({ action: null })
      .where("chatflowid", "=", job.flowId)
      .where("session_id", "=", job.sessionId)
      .where("execution_id", "=", paused.executionId)
      .where("action", "is not", null)
      .execute();
    if (paused.state === "paused") {
      const { numUpdatedRows } = await tx
        .updateTable("prediction")
        .set({ ...queued, state: "queued", result: null, error: null, finished_at: null })
        .where("id", "=", paused.predictionId)
        .where("state", "=", "paused")
        .where("segment", "=", paused.segment)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new AppError("conflict", takenMessage);
      return;
    }
    const taken = await tx
      .selectFrom("prediction")
      .select(["checkpoint", "metadata", "webhook", "api_key_id"])
      .where("id", "=", paused.predictionId)
      .where("checkpoint", "is not", null)
      .forUpdate()
      .executeTakeFirst();
    if (!taken) throw new AppError("conflict", takenMessage);
    await tx
      .updateTable("prediction")
      .set({ checkpoint: null })
      .where("id", "=", paused.predictionId)
      .execute();
    await tx
      .insertInto("prediction")
      .values({
        ...taken,
        ...queued,
        id: job.id,
        flow_id: job.flowId,
        flow_version: job.flowVersion,
        chat_id: job.chatId,
        session_id: job.sessionId,
        state: "queued",
        priority: job.priority,
        execution_id: job.executionId,
        created_at: new Date(job.acceptedAt),
      })
      .execute();
  });
}

/** Reads what {@link checkpointText} wrote. A failed answer's record is left out: it is tried again. */
export async function findCheckpoint(db: Db, predictionId: string): Promise<RunState | undefined> {
  const row = await db
    .selectFrom("prediction")
    .innerJoin("execution", "execution.id", "prediction.execution_id")
    .select(["prediction.checkpoint", "execution.execution_data"])
    .where("prediction.id", "=", predictionId)
    .executeTakeFirst();
  if (!row?.checkpoint) return undefined;
  const state = JSON.parse(row.checkpoint) as RunState;
  const records = JSON.parse(row.execution_data) as RunState["records"];
  const end = records.findLastIndex((record) => record.status === "STOPPED");
  return { ...state, records: end < 0 ? records : records.slice(0, end + 1) };
}

export const checkpointText = (state: RunState): string =>
  JSON.stringify({ ...state, records: [] });
