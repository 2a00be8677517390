import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { openGuardedFetch } from "../../http/open-guarded-fetch.ts";
import type { NodeRun } from "../../node.ts";
import { callTool, toolRun, toolsAt } from "../tool-test-bench.ts";
import type { McpToolCache } from "./mcp.ts";
import { type McpSetting, openMcp } from "./open-mcp.ts";

function newServer() {
  const server = new McpServer({ name: "test", version: "1.0.0" });
  server.registerTool(
    "add.numbers",
    { description: "Adds\u0000 numbers", inputSchema: { a: z.number(), b: z.number() } },
    ({ a, b }) => ({ content: [{ type: "text", text: String(a + b) }] }),
  );
  server.registerTool("other", {}, () => ({ content: [] }));
  return server;
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server with sessions, which it can be told to forget. */
async function httpServer() {
  const seen = { methods: [] as string[], keys: new Set<unknown>() };
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const url = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
    if (body?.method) seen.methods.push(body.method);
    seen.keys.add(request.headers["x-key"]);
    const id = request.headers["mcp-session-id"] as string | undefined;
    if (id && !sessions.has(id)) return response.writeHead(404).end("no such session");
    if (id) return sessions.get(id)!.handleRequest(request, response, body);
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (session) => void sessions.set(session, transport),
      onsessionclosed: (session) => void sessions.delete(session),
    });
    await newServer().connect(transport);
    await transport.handleRequest(request, response, body);
  });
  return {
    url,
    seen,
    sessions,
    count: (method: string) => seen.methods.filter((m) => m === method).length,
  };
}

function mcpRun(setting: Partial<McpSetting> = {}, variables: Record<string, string> = {}) {
  const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: ["127.0.0.1"] });
  const mcp = openMcp({ fetch, ...setting });
  onTestFinished(async () => {
    await mcp.close();
    fetch.close();
  });
  const resolve = async (value: unknown) =>
    JSON.parse(JSON.stringify(value).replaceAll("{{$vars.key}}", variables.key ?? ""));
  return toolRun({ mcp }, { resolve });
}
const configOf = (url: string) => ({
  mcpServerConfig: `{ url: "${url}", headers: { "X-Key": "{{$vars.key}}" } }`,
  mcpActions: '["add.numbers"]',
});

test("the chosen tools of a server are offered and called over one connection of the conversation", async () => {
  const { url, seen, count } = await httpServer();
  const run = mcpRun({}, { key: "secret" });
  const [add, ...more] = await toolsAt(run, "customMCP", configOf(url));
  expect(more).toEqual([]);
  expect(add).toMatchObject({
    name: "add_numbers",
    description: "Adds numbers",
    schema: { type: "object", required: ["a", "b"] },
  });
  const { text } = await add!.call({ a: 1, b: 2 }, run);
  expect(JSON.parse(text)).toEqual([{ type: "text", text: "3" }]);
  await toolsAt(run, "customMCP", configOf(url));
  await add!.call({ a: 1, b: 2 }, run);
  // One to list the tools, one for the conversation.
  expect([count("initialize"), count("tools/list")]).toEqual([2, 1]);
  expect([...seen.keys]).toEqual(["secret"]);
});

test("no chosen tool means no tools and no connection", async () => {
  const { url, seen } = await httpServer();
  expect(await toolsAt(mcpRun(), "customMCP", { ...configOf(url), mcpActions: "" })).toEqual([]);
  expect(seen.methods).toEqual([]);
});

test("a server that forgot the session is connected anew", async () => {
  const { url, sessions, count } = await httpServer();
  const run = mcpRun();
  const [add] = await toolsAt(run, "customMCP", configOf(url));
  await add!.call({ a: 2, b: 2 }, run);
  sessions.clear();
  expect((await add!.call({ a: 2, b: 2 }, run)).text).toContain('"4"');
  expect(count("initialize")).toBe(3);
});

test("a connection nobody uses is closed", async () => {
  const { url, sessions, count } = await httpServer();
  const run = mcpRun({ idleMs: 20 });
  const [add] = await toolsAt(run, "customMCP", configOf(url));
  await add!.call({ a: 2, b: 2 }, run);
  await new Promise((done) => setTimeout(done, 200));
  expect(sessions.size).toBe(0);
  await add!.call({ a: 2, b: 2 }, run);
  expect(count("initialize")).toBe(3);
});

const talkOf = (run: NodeRun, sessionId: string): NodeRun => ({
  ...run,
  request: { ...run.request, sessionId },
});

test("a server with sessions has one for each conversation", async () => {
  const { url, sessions } = await httpServer();
  const run = mcpRun();
  const [add] = await toolsAt(run, "customMCP", configOf(url));
  for (const id of ["one", "two", "one"]) await add!.call({ a: 1, b: 1 }, talkOf(run, id));
  expect(sessions.size).toBe(3);
});

test("a server without sessions serves every conversation over one connection", async () => {
  const methods: string[] = [];
  const url = await listen(async (request, response) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await newServer().connect(transport);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
    methods.push(body?.method);
    await transport.handleRequest(request, response, body);
  });
  const run = mcpRun();
  const [add] = await toolsAt(run, "customMCP", configOf(url));
  await add!.call({ a: 1, b: 1 }, talkOf(run, "one"));
  await add!.call({ a: 1, b: 1 }, talkOf(run, "two"));
  expect(methods.filter((method) => method === "initialize")).toHaveLength(1);
});

test("a call waits for a connection where no more may be open", async () => {
  const { url } = await httpServer();
  const run = mcpRun({ maxConnections: 1 });
  const [add] = await toolsAt(run, "customMCP", configOf(url));
  const ids = ["one", "two", "three"];
  const calls = ids.map((id, at) => add!.call({ a: at, b: at }, talkOf(run, id)));
  const texts = (await Promise.all(calls)).map(({ text }) => JSON.parse(text)[0].text);
  expect(texts).toEqual(["0", "2", "4"]);
});

test("a list of tools is taken from the cache that processes share", async () => {
  const { url, seen } = await httpServer();
  const stored = new Map<string, string>();
  const cache: McpToolCache = {
    get: async (key) => stored.get(key),
    set: async (key, value) => void stored.set(key, value),
  };
  await toolsAt(mcpRun({ cache }), "customMCP", configOf(url));
  seen.methods.length = 0;
  expect(await toolsAt(mcpRun({ cache }), "customMCP", configOf(url))).toHaveLength(1);
  expect(seen.methods).toEqual([]);
  expect([...stored.keys()].join()).not.toContain(url);
  for (const key of stored.keys()) stored.set(key, '[{"name": 1}');
  expect(await toolsAt(mcpRun({ cache }), "customMCP", configOf(url))).toHaveLength(1);
  expect(seen.methods).toContain("tools/list");
});

test("a server that speaks the older protocol is asked over server-sent events", async () => {
  let transport: SSEServerTransport | undefined;
  const url = await listen(async (request, response) => {
    if (request.method === "GET") {
      transport = new SSEServerTransport("/messages", response);
      return newServer().connect(transport);
    }
    if (request.url?.startsWith("/messages"))
      return transport!.handlePostMessage(request, response);
    return response.writeHead(405).end();
  });
  const run = mcpRun();
  const { text } = await callTool(run, "customMCP", configOf(`${url}/sse`), { a: 20, b: 1 });
  expect(text).toContain('"21"');
});

test("a server that does not answer, or may not be reached, fails with its reason", async () => {
  const silent = await listen(() => {});
  const slow = toolsAt(mcpRun({ connectTimeoutMs: 50 }), "customMCP", configOf(silent));
  await expect(slow).rejects.toThrow("did not answer within 50 ms");
  const denied = toolsAt(mcpRun(), "customMCP", configOf("http://10.0.0.1/mcp"));
  await expect(denied).rejects.toThrow("Access to 10.0.0.1 is denied");
});

test("a program is started as a server only where the operator allows it", async () => {
  const file = fileURLToPath(new URL("./stdio-test-server.ts", import.meta.url));
  const server = { command: "node", args: [file], env: { MY_KEY: "k" } };
  const config = { mcpServerConfig: server, mcpActions: ["env"] };
  await expect(toolsAt(mcpRun(), "customMCP", config)).rejects.toThrow("CUSTOM_MCP_PROTOCOL=stdio");
  const policy = { securityCheck: true, allowedCommands: [], allowedEnvVars: ["MY_KEY"] };
  const closed = mcpRun({ stdio: { ...policy, allowedScriptPaths: [] } });
  await expect(toolsAt(closed, "customMCP", config)).rejects.toThrow("it names a file");
  const open = mcpRun({ stdio: { ...policy, allowedScriptPaths: [file] } });
  expect((await callTool(open, "customMCP", config, {})).text).toContain('"k false"');
});
