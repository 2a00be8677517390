import { randomUUID } from "node:crypto";
import { newRunState, type RunState } from "@sluice/engine/run-state";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import {
  checkpointText,
  findCheckpoint,
  getPausedRun,
  type PausedRun,
  resumePrediction,
} from "./paused-run.ts";
import { newPredictionId, type PredictionJob } from "./prediction.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const flowId = randomUUID();
const paused: RunState = {
  ...newRunState("human_0"),
  paused: { nodeId: "human_0", action: { id: "a" } },
};
const records = [
  { nodeId: "start_0", status: "FINISHED" },
  { nodeId: "human_0", status: "STOPPED" },
];

async function wait(session: string, state: string, more: object[] = []): Promise<string> {
  const id = newPredictionId();
  const executionId = randomUUID();
  const { db } = database;
  await db
    .insertInto("execution")
    .values({
      id: executionId,
      agentflow_id: flowId,
      session_id: session,
      state: state === "paused" ? "STOPPED" : "ERROR",
      execution_data: JSON.stringify([...records, ...more]),
    })
    .execute();
  await db
    .insertInto("prediction")
    .values({
      id,
      flow_id: flowId,
      flow_version: 3,
      chat_id: session,
      session_id: session,
      state,
      fence: 7,
      segment: 1,
      execution_id: executionId,
      checkpoint: checkpointText(paused),
    })
    .execute();
  return id;
}

const jobOf = (run: PausedRun, id: string, session: string): PredictionJob => ({
  id,
  segment: run.segment + 1,
  flowId,
  flowVersion: run.flowVersion,
  chatId: session,
  sessionId: session,
  messageId: randomUUID(),
  executionId: run.executionId,
  chatType: "EXTERNAL",
  replyTo: "",
  stream: false,
  newConversation: false,
  acceptedAt: Date.now(),
  deadlineAt: Date.now() + 1000,
  accepted: true,
  seedFence: run.fence,
  priority: 0,
  request: { sealed: "AAAA" },
});

test("a paused run is queued as its next segment, by one answer only", async () => {
  const id = await wait("a", "paused");
  const run = await getPausedRun(database.db, flowId, "a", "human_0");
  expect(run).toMatchObject({ predictionId: id, segment: 1, fence: 7, flowVersion: 3 });
  const answers = await Promise.allSettled(
    [1, 2, 3].map(() => resumePrediction(database.db, run, jobOf(run, id, "a"))),
  );
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  await expect(getPausedRun(database.db, flowId, "a")).rejects.toThrow("Another answer");
  const row = await database.db
    .selectFrom("prediction")
    .select(["state", "segment"])
    .where("id", "=", id)
    .executeTakeFirst();
  expect(row).toEqual({ state: "queued", segment: 2 });
});

test("a failed answer may be given again, in a prediction of its own, once", async () => {
  const failed = await wait("b", "failed", [{ nodeId: "human_0", status: "ERROR" }]);
  const run = await getPausedRun(database.db, flowId, "b");
  const ids = [newPredictionId(), newPredictionId()];
  const answers = await Promise.allSettled(
    ids.map((id) => resumePrediction(database.db, run, jobOf(run, id, "b"))),
  );
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const taken = ids[answers.findIndex(({ status }) => status === "fulfilled")]!;
  expect(await findCheckpoint(database.db, taken)).toEqual({ ...paused, records });
  expect(await findCheckpoint(database.db, failed)).toBeUndefined();
  const row = await database.db
    .selectFrom("prediction")
    .select("state")
    .where("id", "=", failed)
    .executeTakeFirst();
  expect(row?.state).toBe("failed");
});

test("a conversation that asked something else since then waits no more", async () => {
  await wait("c", "paused");
  await database.db
    .insertInto("execution")
    .values({
      id: randomUUID(),
      agentflow_id: flowId,
      session_id: "c",
      state: "FINISHED",
      execution_data: "[]",
      created_date: new Date(Date.now() + 1000),
    })
    .execute();
  await expect(getPausedRun(database.db, flowId, "c")).rejects.toThrow("No run of this");
  await expect(getPausedRun(database.db, flowId, "never")).rejects.toThrow("No run of this");
});
