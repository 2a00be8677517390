import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import { createFlow } from "../flow/flow.ts";
import {
  deleteExecutions,
  findPreviousExecution,
  getExecution,
  listExecutions,
  updateExecution,
} from "./execution.ts";
import { toExecutionReply, toPublicExecution } from "./wire.ts";

let database: TestDatabase;
let flowId: string;
beforeAll(async () => {
  database = await openTestDatabase();
  const flowData = JSON.stringify({ nodes: [], edges: [] });
  const input = { name: "50% off", type: "AGENTFLOW", flowData };
  flowId = (await createFlow(database.db, input)).id;
});
afterAll(() => database.close());

async function run(session: string, state: string, at: string, records: unknown[] = []) {
  const id = randomUUID();
  const date = new Date(at);
  await database.db
    .insertInto("execution")
    .values({
      id,
      agentflow_id: flowId,
      session_id: session,
      state,
      execution_data: JSON.stringify(records),
      created_date: date,
      updated_date: date,
    })
    .execute();
  return id;
}

test("runs are listed by every filter, newest change first, with their flow", async () => {
  const old = await run("a", "FINISHED", "2026-01-01T00:00:00Z");
  const mid = await run("a", "ERROR", "2026-01-02T00:00:00Z");
  const last = await run("b", "STOPPED", "2026-01-03T00:00:00Z");
  const ids = async (filter: Parameters<typeof listExecutions>[1]) =>
    (await listExecutions(database.db, filter)).data.map((row) => row.id);
  expect(await ids({ agentflowId: flowId })).toEqual([last, mid, old]);
  expect(await ids({ sessionId: "a" })).toEqual([mid, old]);
  expect(await ids({ states: ["ERROR", "STOPPED"] })).toEqual([last, mid]);
  expect(await ids({ agentflowName: "50% OFF" })).toEqual([last, mid, old]);
  expect(await ids({ agentflowName: "0_o" })).toEqual([]);
  expect(await ids({ startDate: new Date("2026-01-02"), endDate: new Date("2026-01-02") })).toEqual(
    [mid],
  );
  expect(await ids({ id: old })).toEqual([old]);
  expect(await ids({ id: "nonsense" })).toEqual([]);
  const page = await listExecutions(database.db, { agentflowId: flowId, page: 2, limit: 2 });
  expect(page.total).toBe(3);
  expect(page.data.map(toExecutionReply)).toMatchObject([
    { id: old, agentflow: { id: flowId, name: "50% off" }, stoppedDate: null },
  ]);
});

test("a conversation goes on from its newest run", async () => {
  await run("c", "FINISHED", "2026-01-01T00:00:00Z");
  const id = await run("c", "STOPPED", "2026-01-02T00:00:00Z", [{ nodeId: "n" }]);
  expect(await findPreviousExecution(database.db, flowId, "c")).toEqual({
    id,
    state: "STOPPED",
    records: [{ nodeId: "n" }],
  });
  expect(await findPreviousExecution(database.db, flowId, "none")).toBeUndefined();
});

test("a run shown to everybody names no credential", async () => {
  const secret = randomUUID();
  const config = { FLOWISE_CREDENTIAL_ID: secret, modelName: "m" };
  const output = { credential: "a word of the author's own" };
  const records = [{ data: { credential: secret, input: { list: [{ config }] }, output } }];
  const id = await run("d", "FINISHED", "2026-01-01T00:00:00Z", records);
  const row = await updateExecution(database.db, id, { isPublic: true, state: "ERROR" });
  expect(row).toMatchObject({ is_public: true, state: "FINISHED" });
  expect(JSON.parse(toPublicExecution(row).executionData)).toEqual([
    { data: { input: { list: [{ config: { modelName: "m" } }] }, output } },
  ]);
  expect(toExecutionReply(row).executionData).toContain(secret);
});

test("runs are deleted by id, and a deleted one is not found", async () => {
  const id = await run("e", "FINISHED", "2026-01-01T00:00:00Z");
  expect(await deleteExecutions(database.db, [id, randomUUID(), "nonsense"])).toBe(1);
  await expect(getExecution(database.db, id)).rejects.toThrow(`Execution ${id} not found`);
});
