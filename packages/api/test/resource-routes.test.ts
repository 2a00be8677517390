import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./open-test-api.ts";

let api: TestApi;
let flowId: string;
beforeAll(async () => {
  api = await openTestApi();
  const flowData = JSON.stringify({ nodes: [], edges: [] });
  const flow = { name: "flow", type: "AGENTFLOW", flowData };
  flowId = (await api.call("POST", "/chatflows", flow)).answer.id;
});
afterAll(() => api.database.close());

test("a credential goes in and its secret does not come out", async () => {
  const plainDataObj = { openAIApiKey: "sk-secret" };
  const input = { name: "c", credentialName: "openAIApi", plainDataObj };
  const made = await api.call("POST", "/credentials", input);
  const { id } = made.answer;
  const replies = [
    made,
    await api.call("GET", `/credentials/${id}`),
    await api.call("GET", "/credentials?credentialName=openAIApi&credentialName=other"),
    await api.call("PUT", `/credentials/${id}`, { name: "d" }),
  ];
  expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200]);
  expect(JSON.stringify(replies)).not.toContain("sk-secret");
  expect(replies[1]?.answer.plainDataObj.openAIApiKey).toContain("_FLOWISE_BLANK_");
  expect(replies[2]?.answer).toHaveLength(1);
  expect(api.announced).toContain("configuration");
  expect((await api.call("DELETE", `/credentials/${id}`)).answer).toMatchObject({ affected: 1 });
  expect((await api.call("GET", `/credentials/${id}`)).status).toBe(404);
});

test("a key is shown in full to whoever made it, that once", async () => {
  const input = { keyName: "k", permissions: ["chatflows:view", "apikeys:create"] };
  const made = (await api.call("POST", "/apikey", input)).answer;
  const { id, apiKey } = made.find((key: { keyName: string }) => key.keyName === "k");
  expect(JSON.stringify((await api.call("GET", "/apikey")).answer)).not.toContain(apiKey);
  const verify = (key: string) => api.call("GET", `/verify/apikey/${key}`, undefined, null);
  expect(await verify(apiKey)).toEqual({ status: 200, answer: "OK" });
  const more = { keyName: "more", permissions: ["credentials:view"] };
  expect((await api.call("POST", "/apikey", more, apiKey)).status).toBe(403);
  expect((await api.call("PUT", `/apikey/${id}`, { keyName: "renamed" })).status).toBe(200);
  expect((await api.call("DELETE", `/apikey/${id}`)).answer).toMatchObject({ affected: 1 });
  expect((await verify(apiKey)).status).toBe(401);
  expect(api.announced.filter((one) => one === "keys")).toHaveLength(3);
});

test("variables and tools are stored, changed by their own replies, and deleted", async () => {
  const inputs = {
    variables: { name: "shop", value: "lisbon", type: "static" },
    tools: { name: "t", description: "d", color: "#888888", iconSrc: "", schema: "[]", func: "" },
  };
  for (const [path, input] of Object.entries(inputs)) {
    const { answer } = await api.call("POST", `/${path}`, input);
    expect(answer).toMatchObject(input);
    expect((await api.call("GET", `/${path}`)).answer).toEqual([answer]);
    const changed = await api.call("PUT", `/${path}/${answer.id}`, { ...answer, name: "new" });
    expect(changed.answer).toMatchObject({ ...input, name: "new" });
    const gone = await api.call("DELETE", `/${path}/${answer.id}`);
    expect(gone.answer).toEqual({ raw: [], affected: 1 });
  }
});

async function answered(question: string, chatId: string): Promise<string> {
  const common = { chatflowid: flowId, chat_id: chatId, session_id: chatId, chat_type: "EXTERNAL" };
  const ids = [randomUUID(), randomUUID()] as const;
  await api.database.db
    .insertInto("chat_message")
    .values([
      { ...common, id: ids[0], role: "userMessage", content: question },
      { ...common, id: ids[1], role: "apiMessage", content: `re ${question}` },
    ])
    .execute();
  return ids[1];
}

test("a conversation is listed, rated and deleted", async () => {
  const chatId = randomUUID();
  const messageId = await answered("one", chatId);
  const rating = { chatflowid: flowId, chatId, messageId, rating: "THUMBS_UP", content: "" };
  const made = await api.call("POST", `/feedback/${flowId}`, rating, null);
  expect(made).toMatchObject({ status: 200, answer: rating });
  const list = `/feedback/${flowId}`;
  expect((await api.call("GET", `${list}?chatId=${chatId}`, undefined, null)).answer).toEqual([
    made.answer,
  ]);
  expect((await api.call("GET", list, undefined, null)).status).toBe(401);
  expect((await api.call("GET", list)).answer).toHaveLength(1);
  const change = await api.call("PUT", `/feedback/${made.answer.id}`, { content: "good" }, null);
  expect(change.answer).toEqual({ status: "OK" });
  const query = `chatType=["EXTERNAL"]&order=DESC&feedback=true&chatId=${chatId}`;
  const messages = (await api.call("GET", `/chatmessage/${flowId}?${query}`)).answer;
  expect(messages).toMatchObject([
    { role: "apiMessage", usedTools: null, execution: null, feedback: { content: "good" } },
    { role: "userMessage", content: "one", feedback: null },
  ]);
  expect((await api.call("GET", `/internal-chatmessage/${flowId}`)).answer).toEqual([]);
  expect((await api.call("GET", `/chatmessage/${flowId}?startDate=x`)).answer.message).toBe(
    "x is not a date",
  );
  const gone = await api.call("DELETE", `/chatmessage/${flowId}?chatId=${chatId}`);
  expect(gone.answer).toEqual({ raw: [], affected: 2 });
});

test("a visitor leaves an address, with or without a slash at the path's end", async () => {
  const lead = {
    chatflowid: flowId,
    chatId: "c",
    name: "Ada",
    email: "ada@example.com",
    phone: "",
  };
  for (const path of ["/leads", "/leads/"])
    expect(await api.call("POST", path, lead, null)).toMatchObject({ status: 200, answer: lead });
});

test("runs are listed, shown to everybody on request, and deleted", async () => {
  const id = randomUUID();
  const credential = randomUUID();
  const records = [{ data: { credential } }];
  await api.database.db
    .insertInto("execution")
    .values({
      id,
      agentflow_id: flowId,
      session_id: "s",
      state: "FINISHED",
      execution_data: JSON.stringify(records),
    })
    .execute();
  const { answer } = await api.call("GET", `/executions?agentflowId=${flowId}&page=1&limit=50`);
  expect(answer).toMatchObject({ total: 1, data: [{ id, agentflow: { name: "flow" } }] });
  const everybody = () => api.call("GET", `/public-executions/${id}`, undefined, null);
  expect((await everybody()).status).toBe(404);
  await api.call("PUT", `/executions/${id}`, { isPublic: true });
  expect(JSON.stringify((await everybody()).answer)).not.toContain(credential);
  const gone = await api.call("DELETE", "/executions", { executionIds: [id] });
  expect(gone.answer).toEqual({ success: true, deletedCount: 1 });
});
