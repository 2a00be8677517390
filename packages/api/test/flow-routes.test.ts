import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./open-test-api.ts";

const inputParams = [
  {
    name: "startInputType",
    label: "Input Type",
    type: "options",
    options: [{ name: "chatInput" }],
  },
  {
    name: "startState",
    label: "Flow State",
    type: "array",
    array: [
      { name: "key", type: "string" },
      { name: "kind", type: "options", options: [{ name: "a" }, { name: "b" }] },
    ],
  },
  { name: "credential", label: "Connect", type: "credential" },
];
const start = {
  id: "startAgentflow_0",
  data: {
    name: "startAgentflow",
    label: "Start",
    inputs: { startInputType: "chatInput", webhookSecret: "hush" },
    inputParams,
  },
};
const model = {
  id: "llmAgentflow_0",
  data: {
    name: "llmAgentflow",
    inputs: { llmModelConfig: { allowImageUploads: true }, llmMessages: "a prompt" },
  },
};
const flowData = JSON.stringify({ nodes: [start, model], edges: [] });

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.database.close());

const create = async (more = {}) =>
  (await api.call("POST", "/chatflows", { name: "f", type: "AGENTFLOW", flowData, ...more }))
    .answer;

test("a flow is stored, read, changed and deleted in Flowise's shape", async () => {
  const made = await api.call("POST", "/chatflows", { name: "f", type: "AGENTFLOW", flowData });
  const { id } = made.answer;
  expect(made).toEqual({
    status: 200,
    answer: {
      id: expect.any(String),
      name: "f",
      flowData,
      deployed: false,
      isPublic: false,
      apikeyid: null,
      chatbotConfig: null,
      apiConfig: null,
      analytic: null,
      speechToText: null,
      textToSpeech: null,
      followUpPrompts: null,
      category: null,
      type: "AGENTFLOW",
      createdDate: expect.stringMatching(/^\d{4}-.*Z$/),
      updatedDate: expect.stringMatching(/^\d{4}-.*Z$/),
      mcpServerConfig: null,
      webhookSecretConfigured: false,
      workspaceId: expect.any(String),
    },
  });
  expect(await api.call("GET", `/chatflows/${id}`)).toEqual(made);
  const changed = await api.call("PUT", `/chatflows/${id}`, { name: "g", category: "a;b" });
  expect(changed.answer).toMatchObject({ name: "g", category: "a;b", webhookSecret: null });
  expect(await api.call("DELETE", `/chatflows/${id}`)).toEqual({
    status: 200,
    answer: { raw: [], affected: 1 },
  });
  expect(api.announced.filter((one) => one === `flow ${id}`)).toHaveLength(3);
});

describe("what cannot be is answered in Flowise's words", () => {
  const missing = "00000000-0000-4000-8000-000000000000";
  const refusals: [string, string, unknown, number, string][] = [
    [
      "GET",
      `/chatflows/${missing}`,
      undefined,
      404,
      `Chatflow ${missing} not found in the database!`,
    ],
    ["GET", "/chatflows/not-a-uuid", undefined, 400, "Invalid Chatflow ID"],
    [
      "POST",
      "/chatflows",
      { name: "x", type: "NONSENSE", flowData: "{}" },
      400,
      "Invalid Chatflow Type",
    ],
    ["POST", "/chatflows", { name: "x", flowData: "{" }, 400, "flowData is not JSON"],
    ["POST", "/chatflows", "{", 400, "Malformed JSON in request body"],
    ["POST", "/chatflows", { name: "x".repeat(200_000) }, 413, "request entity too large"],
    [
      "GET",
      `/executions/${missing}`,
      undefined,
      500,
      `Error: executionsService.getExecutionById - Execution ${missing} not found`,
    ],
  ];
  test.each(refusals)("%s %s", async (method, path, body, statusCode, message) => {
    const { status, answer } = await api.call(method, path, body);
    expect({ status, answer }).toEqual({
      status: statusCode,
      answer: { statusCode, success: false, message, stack: {} },
    });
  });
});

test("lists are bare, or a page with its total", async () => {
  await create({ type: "ASSISTANT" });
  await create({ type: "ASSISTANT" });
  const { answer } = await api.call("GET", "/chatflows?type=ASSISTANT");
  expect(answer).toHaveLength(2);
  const page = await api.call("GET", "/chatflows?type=ASSISTANT&page=2&limit=1");
  expect(page.answer).toEqual({ data: [answer[1]], total: 2 });
  expect((await api.call("GET", "/chatflows?page=-1")).status).toBe(400);
});

test("without a key, or with one that may not, flows stay closed", async () => {
  const refused = { status: 401, answer: { error: "Unauthorized Access" } };
  expect(await api.call("GET", "/chatflows", undefined, null)).toEqual(refused);
  expect(await api.call("GET", "/chatflows", undefined, "wrong")).toEqual(refused);
  const input = { keyName: "reader", permissions: ["chatflows:view"] };
  const { answer } = await api.call("POST", "/apikey", input);
  const { apiKey } = answer.find((key: { keyName: string }) => key.keyName === "reader");
  expect((await api.call("GET", "/chatflows", undefined, apiKey)).status).toBe(200);
  expect(await api.call("POST", "/chatflows", { name: "x", flowData }, apiKey)).toEqual({
    status: 403,
    answer: { message: "Forbidden" },
  });
});

test("anybody may see how a public flow begins, and not how it works", async () => {
  const chatbotConfig = JSON.stringify({ title: "Hi", allowedOrigins: ["https://a.example"] });
  const open = await create({
    isPublic: true,
    chatbotConfig,
    analytic: '{"x":{"credentialId":"c"}}',
  });
  const seen = await api.call("GET", `/public-chatflows/${open.id}`, undefined, null);
  expect(seen.answer).toMatchObject({
    id: open.id,
    analytic: null,
    chatbotConfig: '{"title":"Hi"}',
  });
  expect(JSON.parse(seen.answer.flowData).nodes[0].data.inputs).toEqual({
    startInputType: "chatInput",
  });
  expect(seen.answer.flowData).not.toMatch(/prompt|hush/);
  const closed = await create();
  expect((await api.call("GET", `/public-chatflows/${closed.id}`, undefined, null)).status).toBe(
    401,
  );
});

test("a chat window learns what it needs", async () => {
  const { id } = await create({ chatbotConfig: JSON.stringify({ starterPrompts: {} }) });
  const path = (name: string) => api.call("GET", `/${name}/${id}`, undefined, null);
  expect((await path("chatflows-streaming")).answer).toEqual({ isStreaming: true });
  const uploads = (await path("chatflows-uploads")).answer;
  expect(uploads).toMatchObject({ isImageUploadAllowed: true, isSpeechToTextEnabled: false });
  expect((await path("public-chatbotConfig")).answer).toMatchObject({
    starterPrompts: {},
    uploads,
    isTTSEnabled: false,
    flowData: expect.stringContaining("startAgentflow"),
  });
});

test("what could be overridden is listed from the export's own definitions", async () => {
  const { id } = await create();
  const shared = { node: "Start", nodeId: "startAgentflow_0" };
  expect((await api.call("GET", `/flow-config/${id}`)).answer).toEqual([
    { ...shared, label: "Input Type", name: "startInputType", type: "chatInput" },
    {
      ...shared,
      label: "Flow State",
      name: "startState",
      type: "array",
      schema: { key: "string", kind: "(a, b)" },
    },
  ]);
});

test("a key in the path lists the flows it opens", async () => {
  const keys = (
    await api.call("POST", "/apikey", { keyName: "one flow", permissions: ["tools:view"] })
  ).answer;
  const key = keys.find((one: { keyName: string }) => one.keyName === "one flow");
  const bound = await create({ apikeyid: key.id });
  await create({ apikeyid: randomUUID() });
  const path = `/chatflows/apikey/${key.apiKey}`;
  const only = await api.call("GET", `${path}?keyonly`, undefined, null);
  expect(only.answer.map((flow: { id: string }) => flow.id)).toEqual([bound.id]);
  const open = (await api.call("GET", path, undefined, null)).answer;
  expect(open.every((flow: { apikeyid: string }) => [null, key.id].includes(flow.apikeyid))).toBe(
    true,
  );
  expect((await api.call("GET", "/chatflows/apikey/wrong", undefined, null)).status).toBe(401);
  const listed = (await api.call("GET", "/apikey")).answer;
  expect(listed.find((one: { id: string }) => one.id === key.id).chatFlows).toMatchObject([
    { flowName: "f", category: null },
  ]);
});

test("the routes describe themselves as OpenAPI", () => {
  const { paths } = api.app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "t", version: "1" },
  });
  expect(Object.keys(paths ?? {})).toContain("/api/v1/chatflows/{id}");
  expect(JSON.stringify(paths)).toContain("flowData");
});
