import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { importFlows } from "../packages/cli/src/import.ts";
import { json } from "../packages/engine/src/models/scripted-provider.ts";
import { ask, call, stream } from "./client.ts";
import { openScriptedModels } from "./scripted-models.ts";
import { openSplit, type Split, storeCredential } from "./split.ts";

// Flowise's own agentflow templates, as its users would run them. The eighth, SQL Agent, has a test of its own.
let split: Split;
let models: Awaited<ReturnType<typeof openScriptedModels>>;
let folder: string;
let credential: string;
let google: string;

const events = [{ id: 7, name: "Tea tasting" }];
const openApi = (server: string) => ({
  openapi: "3.0.0",
  servers: [{ url: server }],
  paths: { "/events": { get: { operationId: "listEvents", description: "Lists events" } } },
});
const search = { items: [{ title: "Tea", link: "http://tea.test", snippet: "leaves" }] };

beforeAll(async () => {
  models = await openScriptedModels({
    "/embeddings": ({ input }) =>
      json({ data: [input].flat().map((_, index) => ({ index, embedding: [1, 0] })) }),
    "/indexes/facts": () => json({ host: models.url }),
    "/vectors/upsert": () => json({ upsertedCount: 1 }),
    "/query": () => json({ matches: [{ id: "a", score: 1, metadata: { text: "Yellow trams." } }] }),
    "/events": () => json(events),
    "/page": () => (response) =>
      response
        .writeHead(200, { "content-type": "text/html" })
        .end("<title>Tea</title><p>Tea tasting at noon.</p>"),
    "/openapi.json": () => json(openApi(models.url)),
    "/customsearch/v1": () => json(search),
  });
  folder = await mkdtemp(join(tmpdir(), "sluice-templates-"));
  split = await openSplit({
    env: { ANTHROPIC_BASE_URL: models.url, PINECONE_CONTROLLER_HOST: models.url },
  });
  credential = await storeCredential(split);
  const plainDataObj = { googleCustomSearchApiKey: "key", googleCustomSearchApiId: "id" };
  const body = { name: "search", credentialName: "googleCustomSearchApi", plainDataObj };
  google = (await call(split.url, "POST", "/credentials", { body, key: split.key })).json.id;
}, 60_000);
afterAll(async () => {
  await split?.close();
  models?.close();
  await rm(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: an export, to be filled in at will
type Inputs = Record<string, any>;

afterEach(() => {
  models.left();
  models.taken();
});

/** Fills a template in, as on the canvas, and imports it with the command. Returns the flow's id. */
async function imported(
  name: string,
  fill: Record<string, (inputs: Inputs) => void> = {},
  drop = "",
) {
  const file = new URL(`../examples/flows/${name}.json`, import.meta.url);
  const graph = JSON.parse(await readFile(file, "utf8"));
  for (const { id, data } of graph.nodes) {
    const inputs: Inputs = data.inputs ?? {};
    for (const input of Object.keys(inputs).filter((key) => key.endsWith("ModelConfig")))
      Object.assign(inputs[input], {
        FLOWISE_CREDENTIAL_ID: credential,
        basepath: models.url,
        baseUrl: models.url,
      });
    for (const { agentSelectedTool, agentSelectedToolConfig } of inputs.agentTools || [])
      if (agentSelectedTool === "googleCustomSearch")
        agentSelectedToolConfig.FLOWISE_CREDENTIAL_ID = google;
    fill[id]?.(inputs);
  }
  const path = join(folder, `${name}.json`);
  await writeFile(path, JSON.stringify(graph));
  const out: string[] = [];
  const notes: string[] = [];
  const args = [path, "--url", split.url, "--key", split.key, "--json"];
  const context = {
    env: {},
    out: (line: string) => out.push(line),
    note: (line: string) => notes.push(line),
  };
  await importFlows.run(drop ? [...args, "--drop", drop] : args, context as never);
  expect(notes.filter((note) => /not supported|problem/.test(note))).toEqual([]);
  return JSON.parse(out.join(""))[0].id as string;
}

/** The answer, and what each request to a model said at its end. */
async function answered(flow: string, body: object) {
  const { status, json: answer } = await ask(split.url, flow, body, { timeoutMs: 30_000 });
  expect([status, answer.message]).toEqual([200, undefined]);
  expect(models.left()).toBe(0);
  const ran = answer.agentFlowExecutedData.map(({ nodeId }: { nodeId: string }) => short(nodeId));
  return { answer, ran, asked: models.taken().map(({ body: sent }) => JSON.stringify(sent)) };
}
const short = (nodeId: string) => nodeId.replace("Agentflow_", "");

test("Translator answers what Gemini says", async () => {
  models.say({ text: "こんにちは" });
  const flow = await imported("Translator");
  const { answer, asked } = await answered(flow, { question: "Hello" });
  expect(answer.text).toBe("こんにちは");
  expect(asked[0]).toContain("translates English to Japanese");
});

test("Structured Output answers a list in Anthropic's structure", async () => {
  const output = [{ answer: "one", reason: "first" }];
  models.say({ fields: { output } });
  const flow = await imported("Structured Output");
  const { answer } = await answered(flow, { question: "A list of one." });
  expect(JSON.parse(answer.text)).toEqual({ output });
});

test("Supervisor Worker sends its workers round until it is content", async () => {
  const next = (name: string) => ({
    fields: { next: name, instructions: "Do.", reasoning: "So." },
  });
  models.say(next("SOFTWARE"), { text: "def f(): pass" }, next("REVIEWER"), { text: "Fine." });
  models.say(next("FINISH"), { text: "Here it is." });
  const flow = await imported("Supervisor Worker");
  const { answer, ran, asked } = await answered(flow, { question: "Write a function" });
  expect(answer.text).toBe("Here it is.");
  const round = ["llm0", "condition0"];
  expect(ran).toEqual([
    ...["start0", ...round, "agent1", "loop0", ...round, "agent2", "loop1", ...round, "agent3"],
  ]);
  expect(asked[5]).toMatch(/def f\(\).*Fine\./);
});

test("Agentic RAG searches again with a better question", async () => {
  const body = { name: "facts", description: "", status: "EMPTY" };
  const made = await call(split.url, "POST", "/document-store/store", { body, key: split.key });
  const config = { credential, basepath: models.url };
  await call(split.url, "POST", `/document-store/upsert/${made.json.id}`, {
    key: split.key,
    body: {
      loader: { name: "plainText", config: { text: "Lisbon has yellow trams." } },
      embedding: { name: "openAIEmbeddings", config },
      vectorStore: { name: "pinecone", config: { credential, pineconeIndex: "facts" } },
    },
  });
  models.say({ text: '{"output": "AI Related"}' }, { text: "coffee" });
  models.say({ text: '{"output": "Irrelevant"}' }, { text: "trams" });
  models.say({ text: '{"output": "Relevant"}' }, { text: "Lisbon." });
  const flow = await imported("Agentic RAG", {
    retrieverAgentflow_0(inputs) {
      inputs.retrieverKnowledgeDocumentStores = [{ documentStore: `${made.json.id}:facts` }];
    },
  });
  const { answer, ran, asked } = await answered(flow, { question: "Which city has trams?" });
  expect(answer.text).toBe("Lisbon.");
  expect(ran.filter((id: string) => id === "retriever0")).toHaveLength(2);
  expect(asked[5]).toContain("Yellow trams.");
});

test("Deep Research With Subagents gives each of them a task, and writes a report", async () => {
  models.say({ fields: { subagents: [{ task: "find A" }, { task: "find B" }] } });
  models.say({ call: "web_scraper_tool", args: { input: `${models.url}/page` } });
  models.say({ text: "A found." }, { text: "B found." }, { text: "Report." });
  models.say({ text: '{"output": "Findings are sufficient"}' });
  const flow = await imported("Deep Research With Subagents");
  const { answer, asked } = await answered(flow, { form: { query: "tea" } });
  expect(answer.text).toBe("Report.");
  expect(asked[2]).toContain("Tea tasting");
  expect(asked[4]).toMatch(/A found\.\\n.*B found\./);
});

test("Interacting With API asks by a request tool, by an OpenAPI document and by itself", async () => {
  models.say({ call: "get_events", args: { queryParams: { limit: "1" } } }, { text: "One." });
  models.say({ call: "listEvents", args: {} }, { text: "Indeed one." });
  const flow = await imported("Interacting With API", {
    agentAgentflow_0(inputs) {
      inputs.agentTools[0].agentSelectedToolConfig.requestsGetUrl = `<p>${models.url}/events</p>`;
    },
    agentAgentflow_1(inputs) {
      Object.assign(inputs.agentTools[0].agentSelectedToolConfig, {
        inputType: "link",
        openApiLink: `${models.url}/openapi.json`,
      });
    },
    httpAgentflow_0(inputs) {
      inputs.url = `${models.url}/events`;
    },
  });
  const { answer, asked } = await answered(flow, { question: "Which events?" });
  expect(answer.agentFlowExecutedData.at(-1).data.output.http).toMatchObject({
    status: 200,
    data: events,
  });
  for (const i of [1, 3]) expect(asked[i]).toContain("Tea tasting");
});

test("Human In The Loop drafts until it is content, without its mail tool", async () => {
  models.say({ text: "Draft one." });
  const flow = await imported("Human In The Loop", {}, "toolAgentflow_0");
  const chatId = randomUUID();
  const form = { subject: "Re: price", body: "How much?", from: "a@b.test" };
  const first = await answered(flow, { form, chatId });
  expect(first.answer.text).toBe("Draft one.\n\nAre you sure you want to proceed?");
  expect(first.answer.action.elements).toHaveLength(2);
  models.say({ text: "Draft two." });
  const reject = { type: "reject", feedback: "shorter", startNodeId: "humanInputAgentflow_0" };
  const second = await answered(flow, { humanInput: reject, chatId });
  expect(second.asked[0]).toContain("shorter");
  models.say({ fields: { subject: "Hi", body: "Draft two." } });
  const humanInput = { type: "proceed", startNodeId: "humanInputAgentflow_0" };
  const streamed = await stream(split.url, flow, { humanInput, chatId });
  const seen = await streamed.ended;
  expect(seen.map(({ event }) => event)).toContain("end");
  const tokens = seen.filter(({ event }) => event === "token").map(({ data }) => data);
  expect(JSON.parse(tokens.join(""))).toEqual({ subject: "Hi", body: "Draft two." });
});
