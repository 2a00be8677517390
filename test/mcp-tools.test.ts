import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { call } from "./client.ts";
import { chain, node, start } from "./flows.ts";
import { openSplit, store } from "./split.ts";

const results: Record<string, (params: { protocolVersion?: string; name?: string }) => unknown> = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "test", version: "1.0.0" },
  }),
  "tools/list": () => ({
    tools: [{ name: "greet", description: "Greets", inputSchema: { type: "object" } }],
  }),
  "tools/call": ({ name }) => ({ content: [{ type: "text", text: `${name}: hello` }] }),
};

/** An MCP server without sessions; counts what it is asked. */
async function mcpServer() {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    if (request.method !== "POST") return response.writeHead(405).end();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString());
    asked.push(method);
    if (id === undefined) return response.writeHead(202).end();
    const answer = { jsonrpc: "2.0", id, result: results[method]?.(params ?? {}) };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, count: (method: string) => asked.filter((each) => each === method).length };
}

test("a worker takes the list of an MCP server's tools from the one that asked before it", async () => {
  const { url, count } = await mcpServer();
  const split = await openSplit();
  onTestFinished(() => split.close());
  const id = await store(
    split,
    chain(
      start(),
      node("toolAgentflow", {
        toolAgentflowSelectedTool: "customMCP",
        toolAgentflowSelectedToolConfig: {
          mcpServerConfig: JSON.stringify({ url, headers: { authorization: "Bearer between-us" } }),
          mcpActions: '["greet"]',
        },
        toolInputArgs: [],
      }),
    ),
  );
  const ask = async () => {
    const { json } = await call(split.url, "POST", `/prediction/${id}`, {
      body: { question: "hi" },
    });
    return json.text;
  };
  expect(await ask()).toContain("greet: hello");
  await split.addWorker();
  await split.workers[0]!.stop();
  expect(await ask()).toContain("greet: hello");
  expect([count("tools/list"), count("tools/call"), count("initialize")]).toEqual([1, 2, 2]);
}, 60_000);
