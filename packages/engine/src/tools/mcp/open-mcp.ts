import { createHash } from "node:crypto";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { asWebFetch } from "../../http/as-web-fetch.ts";
import type { GuardedFetch } from "../../http/guarded-fetch.ts";
import { connectMcp } from "./connect-mcp.ts";
import { limitedFetch } from "./limited-fetch.ts";
import type { Mcp, McpServer, McpTool, McpToolCache } from "./mcp.ts";
import { checkStdioServer, type StdioPolicy } from "./stdio-policy.ts";

export interface McpSetting {
  fetch: GuardedFetch;
  /** Present where servers may be started as programs. */
  stdio?: StdioPolicy;
  cache?: McpToolCache;
  /** How long a list of tools is used again; default 5 min. */
  toolsTtlMs?: number;
  /** A longer list of tools, as JSON, is refused; default 512 kB. */
  maxToolsBytes?: number;
  /** Default 15 s. */
  connectTimeoutMs?: number;
  /** Default 60 s. */
  callTimeoutMs?: number;
  /** A connection nobody uses is closed after this; default 60 s. */
  idleMs?: number;
  /** Default 64. */
  maxConnections?: number;
}

interface Connection {
  key: string;
  client: Promise<Client>;
  users: number;
  idleTimer?: NodeJS.Timeout;
}

const maxLists = 500;
const maxPages = 20;
const maxAnswerBytes = 10_000_000;
const closeWaitMs = 2_000;
// What a server answers that has forgotten the session; it did not execute the request.
const forgottenSession = [400, 404];

/**
 * Opens the MCP client of a process.
 *
 *     const mcp = openMcp({ fetch });
 *     await mcp.callTool({ kind: "http", url, headers: {} }, "add", { a: 1, b: 2 }, signal); // '[{"type":"text",…}]'
 */
export function openMcp(setting: McpSetting): Mcp {
  const { toolsTtlMs = 300_000, maxToolsBytes = 524_288, idleMs = 60_000, cache } = setting;
  const { connectTimeoutMs = 15_000, callTimeoutMs = 60_000, maxConnections = 64 } = setting;
  const fetch = limitedFetch(asWebFetch(setting.fetch), maxAnswerBytes);
  const connections = new Map<string, Connection>();
  const lists = new Map<string, { tools: Promise<McpTool[]>; until: number }>();
  let isClosed = false;

  function findConnection(server: McpServer, key: string): Connection {
    if (isClosed) throw new Error("The MCP client is closed");
    const open = connections.get(key);
    if (open) return open;
    if (connections.size >= maxConnections) {
      const idle = [...connections.values()].find(({ users }) => users === 0);
      if (!idle) throw new Error(`More than ${maxConnections} MCP servers are in use`);
      void drop(idle);
    }
    // A program may have to be fetched before it starts.
    const timeoutMs = server.kind === "stdio" ? callTimeoutMs : connectTimeoutMs;
    const client = connectMcp(server, { fetch, timeoutMs });
    const connection: Connection = { key, client, users: 0 };
    connections.set(key, connection);
    client.then(
      (connected) => {
        connected.onclose = () => forget(connection);
      },
      () => forget(connection),
    );
    return connection;
  }

  function forget(connection: Connection): void {
    clearTimeout(connection.idleTimer);
    if (connections.get(connection.key) === connection) connections.delete(connection.key);
  }

  async function drop(connection: Connection): Promise<void> {
    forget(connection);
    const client = await connection.client.catch(() => undefined);
    const { transport } = client ?? {};
    if (transport && "terminateSession" in transport)
      await (transport.terminateSession as () => Promise<void>)().catch(() => {});
    await client?.close().catch(() => {});
  }

  async function use<T>(
    server: McpServer,
    signal: AbortSignal,
    ask: (client: Client) => Promise<T>,
    isRetry = false,
  ): Promise<T> {
    if (server.kind === "stdio") checkStdioServer(server, setting.stdio);
    const key = keyOf(server);
    const isKept = connections.has(key);
    const connection = findConnection(server, key);
    clearTimeout(connection.idleTimer);
    connection.users++;
    try {
      const client = await unlessAborted(connection.client, signal);
      return await ask(client);
    } catch (error) {
      signal.throwIfAborted();
      const code = (error as { code?: unknown }).code;
      if (!isKept || isRetry || !forgottenSession.includes(code as number))
        throw new Error(`MCP server: ${wordsOf(error)}`, { cause: error });
      forget(connection);
      return await use(server, signal, ask, true);
    } finally {
      connection.users--;
      if (connection.users === 0 && connections.get(key) === connection) {
        connection.idleTimer = setTimeout(() => void drop(connection), idleMs);
        connection.idleTimer.unref();
      }
    }
  }

  async function loadTools(server: McpServer, key: string): Promise<McpTool[]> {
    const cached = await cache?.get(key).catch(() => undefined);
    if (cached) return JSON.parse(cached) as McpTool[];
    const signal = AbortSignal.timeout(2 * callTimeoutMs);
    const tools = await use(server, signal, (client) => listAll(client, callTimeoutMs));
    const text = JSON.stringify(tools);
    if (text.length > maxToolsBytes)
      throw new Error(`MCP server: its list of tools is longer than ${maxToolsBytes} bytes`);
    await cache?.set(key, text, toolsTtlMs).catch(() => {});
    return tools;
  }

  return {
    listTools(server, signal) {
      const key = keyOf(server);
      const known = lists.get(key);
      if (known && known.until > performance.now()) return unlessAborted(known.tools, signal);
      const list = { tools: loadTools(server, key), until: performance.now() + toolsTtlMs };
      if (lists.size >= maxLists) lists.delete(lists.keys().next().value!);
      lists.set(key, list);
      list.tools.catch(() => {
        if (lists.get(key) === list) lists.delete(key);
      });
      return unlessAborted(list.tools, signal);
    },
    async callTool(server, name, args, signal) {
      const { CallToolResultSchema } = await import("@modelcontextprotocol/sdk/types.js");
      const request = { method: "tools/call", params: { name, arguments: args } } as const;
      const options = { signal, timeout: callTimeoutMs, maxTotalTimeout: callTimeoutMs };
      const result = await use(server, signal, (client) =>
        client.request(request, CallToolResultSchema, options),
      );
      return JSON.stringify(result.content);
    },
    async close() {
      isClosed = true;
      lists.clear();
      const closing = Promise.all([...connections.values()].map(drop));
      await Promise.race([closing, new Promise((done) => setTimeout(done, closeWaitMs).unref())]);
    },
  };
}

const keyOf = (server: McpServer) =>
  createHash("sha256").update(JSON.stringify(server)).digest("base64url");

async function listAll(client: Client, timeout: number): Promise<McpTool[]> {
  const tools: McpTool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const answer = await client.listTools(cursor ? { cursor } : undefined, { timeout });
    for (const { name, description, inputSchema } of answer.tools)
      tools.push({ name, description: description ?? name, schema: inputSchema });
    cursor = answer.nextCursor;
    if (!cursor) break;
  }
  return tools;
}

/** Work that others wait for, too, is not ended by one caller who goes. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function wordsOf(error: unknown): string {
  const { message = String(error), cause } = error as Error;
  const words = message === "fetch failed" && cause instanceof Error ? cause.message : message;
  return words.slice(0, 500);
}
