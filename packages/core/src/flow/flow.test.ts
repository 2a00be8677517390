import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import { createFlow, deleteFlow, findFlow, getFlow, listFlows, updateFlow } from "./flow.ts";
import { getFlowVersion } from "./flow-version.ts";

const flowData = JSON.stringify({
  nodes: [{ id: "startAgentflow_0", data: { name: "startAgentflow", category: "Agent Flows" } }],
  edges: [],
});
const chat = JSON.stringify({
  nodes: [{ id: "llmChain_0", data: { name: "llmChain" } }],
  edges: [],
});

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

test("a flow is stored as it came, and its nodes tell its type", async () => {
  const flow = await createFlow(database.db, { name: "a", flowData, apiConfig: "{}" });
  expect(await getFlow(database.db, flow.id)).toEqual(flow);
  expect(flow).toMatchObject({ type: "AGENTFLOW", version: 1, flow_data: flowData });
  expect(flow).toMatchObject({ deployed: false, is_public: false, chatbot_config: null });
});

describe("what is not a flow is refused with the reason", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["an unknown type", { name: "x", type: "NONSENSE", flowData: "{}" }, "Invalid Chatflow Type"],
    ["text that is not JSON", { name: "x", flowData: "{" }, "flowData is not JSON"],
    ["JSON that is no graph", { name: "x", flowData: "{}" }, "flowData is not a flow: nodes"],
    ["a broken setting", { name: "x", flowData, apiConfig: "{" }, "apiConfig is not JSON"],
    ["a missing name", { flowData }, "name: "],
  ];
  test.each(cases)("%s", async (_, input, message) => {
    await expect(createFlow(database.db, input)).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining(message),
    });
  });
});

test("an id that is not a UUID and a flow that is not there are told apart", async () => {
  await expect(findFlow(database.db, "not-a-uuid")).rejects.toThrow("Invalid Chatflow ID");
  const id = randomUUID();
  expect(await findFlow(database.db, id)).toBeUndefined();
  const gone = { code: "not_found", message: `Chatflow ${id} not found in the database!` };
  await expect(getFlow(database.db, id)).rejects.toMatchObject(gone);
  await expect(updateFlow(database.db, id, { name: "x" })).rejects.toMatchObject(gone);
});

test("a change of what a run reads makes a version, and the older one stays", async () => {
  const { id } = await createFlow(database.db, { name: "v", flowData });
  expect((await updateFlow(database.db, id, { name: "w", category: "a;b" })).version).toBe(1);
  expect((await updateFlow(database.db, id, { flowData })).version).toBe(1);
  const changed = await updateFlow(database.db, id, { flowData: chat, type: "CHATFLOW" });
  expect(changed).toMatchObject({ version: 2, name: "w", category: "a;b" });
  expect(await getFlowVersion(database.db, id, 1)).toMatchObject({ flow_data: flowData });
  expect(await getFlowVersion(database.db, id, 2)).toMatchObject({ flow_data: chat });
  await expect(getFlowVersion(database.db, id, 3)).rejects.toThrow("not found");
});

test("updates at the same time make one version each", async () => {
  const { id } = await createFlow(database.db, { name: "race", flowData });
  const configs = [1, 2, 3, 4, 5].map((n) => JSON.stringify({ n }));
  const flows = await Promise.all(
    configs.map((apiConfig) => updateFlow(database.db, id, { apiConfig })),
  );
  expect(flows.map((flow) => flow.version).toSorted()).toEqual([2, 3, 4, 5, 6]);
  for (const flow of flows)
    expect((await getFlowVersion(database.db, id, flow.version)).api_config).toBe(flow.api_config);
});

test("very old versions go, except those an open prediction is pinned to", async () => {
  const { db } = database;
  const { id } = await createFlow(db, { name: "old", flowData });
  const prediction = { flow_id: id, flow_version: 1, chat_id: "c", session_id: "c" };
  await db
    .insertInto("prediction")
    .values({ ...prediction, id: "prd_pinned", state: "paused" })
    .execute();
  for (let n = 0; n < 105; n++) await updateFlow(db, id, { apiConfig: `{"n":${n}}` });
  await expect(getFlowVersion(db, id, 2)).rejects.toThrow("not found");
  expect(await getFlowVersion(db, id, 1)).toMatchObject({ version: 1 });
  expect(await getFlowVersion(db, id, 7)).toMatchObject({ version: 7 });
}, 30_000);

test("lists are newest first, by type and in pages", async () => {
  const { db } = database;
  for (const name of ["p1", "p2", "p3"])
    await createFlow(db, { name, flowData: chat, type: "ASSISTANT" });
  const all = await listFlows(db, { type: "ASSISTANT" });
  expect(all).toMatchObject({ total: 3 });
  const page = await listFlows(db, { type: "ASSISTANT", page: 2, limit: 2 });
  expect(page).toEqual({ data: all.data.slice(2), total: 3 });
});

test("a deleted flow takes its conversations along", async () => {
  const { db } = database;
  const { id } = await createFlow(db, { name: "d", flowData });
  const message = { id: randomUUID(), role: "userMessage", content: "hi", chat_type: "EXTERNAL" };
  await db
    .insertInto("chat_message")
    .values({ ...message, chatflowid: id, chat_id: "c" })
    .execute();
  expect(await deleteFlow(db, id)).toBe(1);
  expect(await db.selectFrom("chat_message").where("chatflowid", "=", id).execute()).toEqual([]);
  expect(await deleteFlow(db, id)).toBe(0);
});
