import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call, type Reply, stream } from "./client.ts";
import { chain, edge, llm, node, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

const modes = [false, true] as const;
const missing = "00000000-0000-4000-8000-000000000000";
const prefix = "Error: predictionsServices.buildChatflow - ";
let split: Split;
let simulator: Simulator;
let hello: string;
beforeAll(async () => {
  const env = { FLOWISE_FILE_SIZE_LIMIT: "64kb" };
  [split, simulator] = await Promise.all([openSplit({ env }), openSimulator({ ttftMs: 5 })]);
  hello = await store(split, chain(start(), reply("hello")));
});
afterAll(() => Promise.all([split?.close(), simulator?.close()]));

const body = (statusCode: number, message: unknown) => ({
  statusCode,
  success: false,
  message,
  stack: {},
});

/** In no answer of ours: where the code lies, or how it got there. */
function showsNothingInner({ text }: Pick<Reply, "text">): void {
  expect(text).not.toMatch(/\bat .*:\d+:\d+|node_modules|packages\/|file:\/\//);
}

/** What a flow leaves behind when it ran. */
async function traces(flowId: string) {
  const count = (table: "prediction" | "chat_message" | "execution", column: string) =>
    split.database.pool
      .query(`select count(*)::int as n from ${table} where ${column} = $1`, [flowId])
      .then(({ rows }) => rows[0].n as number);
  return {
    predictions: await count("prediction", "flow_id"),
    messages: await count("chat_message", "chatflowid"),
    executions: await count("execution", "agentflow_id"),
  };
}
const nothing = { predictions: 0, messages: 0, executions: 0 };

describe.each(modes)("with streaming %s", (streaming) => {
  const question = { question: "x", streaming };

  test.each([
    ["an unknown flow", missing, 404, `Chatflow ${missing} not found in the database!`],
    ["a bad id", "not-a-uuid", 400, "Invalid Chatflow ID"],
  ])("%s is named", async (_, id, status, message) => {
    const refused = await ask(split.url, id, question);
    expect(refused.status).toBe(status);
    expect(refused.json).toEqual(body(status, message));
  });

  test.each([
    ["an array", [question]],
    ["a text", '"x"'],
    ["a number for a question", { ...question, question: 7 }],
    ["a list for overrideConfig", { ...question, overrideConfig: [] }],
    ["a text for uploads", { ...question, uploads: "x" }],
    ["an object for chatId", { ...question, chatId: {} }],
  ])("%s is refused in words", async (_, wrong) => {
    const flow = await store(split, chain(start(), reply("x")));
    const refused = await ask(split.url, flow, wrong);
    expect(refused.status).toBe(400);
    expect(refused.json).toEqual(body(400, expect.stringMatching(/\w/)));
    expect(await traces(flow)).toEqual(nothing);
  });

  test("a body over the limit is refused, however it is sent", async () => {
    const large = JSON.stringify({ ...question, question: "x".repeat(70_000) });
    const whole = await ask(split.url, hello, large);
    expect([whole.status, whole.json?.statusCode]).toEqual([413, 413]);
    const chunked = await fetch(`${split.url}/api/v1/prediction/${hello}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: new Blob([large]).stream(),
      duplex: "half",
      signal: AbortSignal.timeout(5000),
    } as RequestInit);
    expect(chunked.status).toBe(413);
    await chunked.text();
    expect((await ask(split.url, hello, question)).status).toBe(200);
  });

  test("a flow with a node that we do not have is stored, listed, and refuses to run", async () => {
    const graph = chain(start(), node("teleportAgentflow"), reply("x"));
    const flow = await store(split, graph);
    const { json } = await call(split.url, "GET", "/chatflows", { key: split.key });
    expect(json.map(({ id }: { id: string }) => id)).toContain(flow);
    const refused = await ask(split.url, flow, question);
    expect(refused.status).toBe(422);
    expect(refused.json).toEqual(body(422, expect.stringContaining("teleportAgentflow")));
    expect(await traces(flow)).toEqual(nothing);
  });

  test("a chat model that we do not have is named", async () => {
    const model = llm({ url: simulator.url }, { llmModel: "chatOracle" });
    const refused = await ask(split.url, await store(split, chain(start(), model)), question);
    expect([refused.status, refused.json.message]).toEqual([
      422,
      expect.stringContaining("chatOracle"),
    ]);
  });

  test("a tool that we do not have is named with what to do in its place", async () => {
    const agentTools = [{ agentSelectedTool: "customMcpServerTool" }];
    const agent = node("agentAgentflow", { agentModel: "chatOpenAI", agentTools });
    const refused = await ask(split.url, await store(split, chain(start(), agent)), question);
    expect([refused.status, refused.json.message]).toEqual([
      422,
      expect.stringMatching(/customMcpServerTool \(.*Custom MCP tool/),
    ]);
  });

  const broken = {
    "a reference to a node that is not there": () =>
      chain(start(), reply("{{ llmAgentflow_9.output.content }}")),
    "a cycle without a loop node": () => {
      const [first, second] = [reply("a"), reply("b", 1)];
      const graph = chain(start(), first, second);
      return { ...graph, edges: [...graph.edges, edge(second, first)] };
    },
    "two starts": () => {
      const graph = chain(start(), reply("a"));
      const second = { ...start(), id: "startAgentflow_1" };
      return { ...graph, nodes: [...graph.nodes, second] };
    },
    "no start": () => chain(reply("a")),
    "no node at all": () => ({ nodes: [], edges: [] }),
  };
  const named: Record<keyof typeof broken, RegExp> = {
    "a reference to a node that is not there": /directReplyAgentflow_0.*llmAgentflow_9/,
    "a cycle without a loop node": /directReplyAgentflow_[01].*cycle/,
    "two starts": /startAgentflow_1.*Multiple starting nodes/,
    "no start": /Starting node not found/,
    "no node at all": /Starting node not found/,
  };
  test.each(Object.entries(broken))("%s is refused, naming the thing", async (name, graph) => {
    const flow = await store(split, graph());
    const refused = await ask(split.url, flow, question);
    expect(refused.status).toBe(422);
    expect(refused.json).toEqual(
      body(422, expect.stringMatching(named[name as keyof typeof broken])),
    );
    expect(await traces(flow)).toEqual(nothing);
  });

  test("an unsupported node that nothing leads to does not stop a flow", async () => {
    const graph = chain(start(), reply("fine"));
    const stray = { ...graph, nodes: [...graph.nodes, node("teleportAgentflow")] };
    expect((await ask(split.url, await store(split, stray), question)).status).toBe(200);
  });

  test("a key of another flow opens nothing", async () => {
    const keys = (await call(split.url, "GET", "/apikey", { key: split.key })).json;
    const flow = await store(split, chain(start(), reply("x")), { apikeyid: keys[0].id });
    for (const key of [undefined, "wrong"]) {
      const refused = await ask(split.url, flow, question, key ? { key } : {});
      expect([refused.status, refused.json]).toEqual([401, body(401, "Unauthorized")]);
    }
    expect((await ask(split.url, flow, question, { key: split.key })).status).toBe(200);
    expect((await traces(flow)).predictions).toBe(1);
  });

  test("an origin that the flow does not allow is turned away in its words", async () => {
    const chatbotConfig = JSON.stringify({
      allowedOrigins: ["https://good.example:8443"],
      allowedOriginsError: "Not from there",
    });
    const flow = await store(split, chain(start(), reply("x")), { chatbotConfig });
    const from = (origin: string) => ask(split.url, flow, question, { headers: { origin } });
    const refused = await from("https://evil.example");
    expect([refused.status, refused.text]).toEqual([403, "Not from there"]);
    expect(refused.headers.get("access-control-allow-origin")).toBeNull();
    expect((await from("https://good.example")).status).toBe(403);
    const allowed = await from("http://good.example:8443");
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("http://good.example:8443");
    expect((await ask(split.url, flow, question)).status).toBe(200);
  });
});

test("malformed JSON is answered with the parser's words, and nothing runs", async () => {
  const flow = await store(split, chain(start(), reply("x")));
  for (const [text, message] of [
    ['{"question": ', "Unexpected end of JSON input"],
    ['{"question": "x", "streaming": true', expect.stringContaining("JSON")],
    ["{'question': 1}", expect.stringContaining("JSON")],
  ]) {
    const refused = await ask(split.url, flow, text);
    expect(refused.json).toEqual(body(400, message));
    showsNothingInner(refused);
  }
  expect(await traces(flow)).toEqual(nothing);
});

test("a missing question runs, with and without a stream", async () => {
  const empty = await ask(split.url, hello, {});
  expect([empty.status, empty.json.text]).toEqual([200, "hello"]);
  const none = await call(split.url, "POST", `/prediction/${hello}`);
  expect([none.status, none.json.text]).toEqual([200, "hello"]);
  const streamed = await (await stream(split.url, hello, {})).ended;
  expect(streamed.at(-1)?.event).toBe("end");
});

describe("what the model provider refuses", () => {
  test.each([400, 401, 403, 404])(
    "with %s becomes a 500 with the cause in words",
    async (status) => {
      const flow = await store(split, chain(start(), llm({ url: simulator.url })));
      const failed = await ask(split.url, flow, { question: `[[status=${status}]]` });
      expect(failed.status).toBe(500);
      expect(failed.json).toEqual(body(500, expect.stringContaining(`Simulated ${status}`)));
      expect(failed.json.message.startsWith(prefix)).toBe(true);
      showsNothingInner(failed);
      // Its record shows what happened; a conversation it is not.
      expect(await traces(flow)).toEqual({ predictions: 1, messages: 0, executions: 1 });
    },
  );

  test("ends a stream with an error and the end event", async () => {
    const flow = await store(split, chain(start(), llm({ url: simulator.url })));
    const streamed = await stream(split.url, flow, { question: "[[status=400]]" });
    const events = await streamed.ended;
    expect(streamed.status).toBe(200);
    expect(events.slice(-2)).toMatchObject([
      { event: "error", data: expect.stringMatching(/^Error: \S+ - .*Simulated 400/) },
      { event: "end", data: "[DONE]" },
    ]);
  });

  test("in mid-stream ends it the same way, after the tokens that came", async () => {
    const flow = await store(split, chain(start(), llm({ url: simulator.url })));
    const streamed = await stream(split.url, flow, { question: "rid=m [[n=20 gap=5 cut=4]]" });
    const events = await streamed.ended;
    expect(events.slice(-2).map(({ event }) => event)).toEqual(["error", "end"]);
    expect(events.some(({ event, data }) => event === "token" && data.includes("m:3"))).toBe(true);
  });

  test("by not being there at all is told without a hang", async () => {
    const flow = await store(split, chain(start(), llm({ url: "http://127.0.0.1:1" })));
    const failed = await ask(split.url, flow, { question: "x" }, { timeoutMs: 14_000 });
    expect(failed.json).toEqual(body(500, expect.stringMatching(/ECONNREFUSED|connect/i)));
    showsNothingInner(failed);
  });
});

describe("odd but possible questions", () => {
  test.each([
    ["a NUL character", "before\u0000after"],
    ["a lone surrogate", "before\ud800after"],
    ["references that are text", "{{ llmAgentflow_9 }} {{ $flow.state.x }} {{{{"],
    ["replacement patterns", "$& $1 $` $$"],
    ["markup", "<script>alert(1)</script>"],
    ["64 kB over the inline bound", "x".repeat(60_000)],
  ])("%s is answered and kept", async (_, question) => {
    const flow = await store(split, chain(start(), reply("heard")));
    const answer = await ask(split.url, flow, { question });
    expect([answer.status, answer.json?.text]).toEqual([200, "heard"]);
    expect(await traces(flow)).toEqual({ predictions: 1, messages: 2, executions: 1 });
  });

  test.each([
    ["an empty", ""],
    ["a long", randomBytes(375).toString("base64")],
    ["a spaced and quoted", 'a b "c" \n d'],
    ["a non-ASCII", "Grüße-🐙"],
    ["a dotted", "../../../etc/passwd"],
  ])("%s chat id is no harm", async (_, chatId) => {
    const answer = await ask(split.url, hello, { question: "x", chatId });
    expect([answer.status, answer.json?.text]).toEqual([200, "hello"]);
  });
});

test.each([
  ["that is longer than an index can hold", randomBytes(3000).toString("base64")],
  ["with a NUL character", "a\u0000b"],
])("a conversation %s is refused, naming the field", async (_, id) => {
  for (const [field, given] of [
    ["chatId", { chatId: id }],
    ["overrideConfig.sessionId", { overrideConfig: { sessionId: id } }],
  ] as const) {
    const refused = await ask(split.url, hello, { question: "x", ...given });
    expect(refused.json).toEqual(body(400, expect.stringContaining(`${field}: `)));
  }
});

describe("calls that are no predictions", () => {
  test("an unknown path below /api is a 404 in JSON", async () => {
    const known = await call(split.url, "GET", "/no-such-thing", { key: split.key });
    expect([known.status, known.json.statusCode]).toEqual([404, 404]);
    expect((await call(split.url, "GET", "/no-such-thing")).status).toBe(401);
  });

  test.each([
    ["no flow", { name: "x" }],
    ["no name", { flowData: "{}" }],
    ["JSON that is no flow", { name: "x", flowData: '{"nodes": 1}' }],
    ["text that is no JSON", { name: "x", flowData: "nope" }],
    [
      "settings that are no JSON",
      { name: "x", flowData: '{"nodes":[],"edges":[]}', apiConfig: "{" },
    ],
  ])("a flow with %s is not stored", async (_, given) => {
    const name = randomUUID();
    const input = "name" in given ? { ...given, name } : given;
    const refused = await call(split.url, "POST", "/chatflows", { body: input, key: split.key });
    expect([refused.status, refused.json.statusCode]).toEqual([400, 400]);
    showsNothingInner(refused);
    const all = (await call(split.url, "GET", "/chatflows", { key: split.key })).json;
    expect(all.map((flow: { name: string }) => flow.name)).not.toContain(name);
  });

  test("a change that is refused changes nothing", async () => {
    const flow = await store(split, chain(start(), reply("x")));
    const body = { name: "changed", flowData: "nope" };
    const refused = await call(split.url, "PUT", `/chatflows/${flow}`, { body, key: split.key });
    expect(refused.status).toBe(400);
    const { json } = await call(split.url, "GET", `/chatflows/${flow}`, { key: split.key });
    expect(json.name).toBe("test");
  });
});
