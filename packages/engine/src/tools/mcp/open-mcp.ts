import { createHash } from "node:crypto";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { z } from "zod";
import { asWebFetch } from "../../http/as-web-fetch.ts";
import type { GuardedFetch } from "../../http/guarded-fetch.ts";
import { limitedFetch } from "./limited-fetch.ts";
import type { Mcp, McpCall, McpServer, McpTool, McpToolCache } from "./mcp.ts";
import { openMcpPool } from "./mcp-pool.ts";
import { checkStdioServer, type StdioPolicy } from "./stdio-policy.ts";
import { unlessAborted } from "./unless-aborted.ts";

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
  /** Open at a time: connections, default 256, and programs, default 16. Further calls wait. */
  maxConnections?: number;
  maxPrograms?: number;
}

const maxKnownServers = 500;
const maxPages = 20;
const maxAnswerBytes = 10_000_000;
// What a server answers that has forgotten the session; it did not execute the request.
const forgottenSession: unknown[] = [400, 404];

/**
 * Opens the MCP client of a process.
 *
 *     const mcp = openMcp({ fetch });
 *     const server = { kind: "http", url, headers: {} };
 *     await mcp.callTool(server, { name: "add", args: { a: 1 }, owner: sessionId, signal }); // '[{"type":"text",…}]'
 */
export function openMcp(setting: McpSetting): Mcp {
  const { toolsTtlMs = 300_000, maxToolsBytes = 524_288, cache } = setting;
  const { callTimeoutMs = 60_000 } = setting;
  const lists = new Map<string, { tools: Promise<McpTool[]>; until: number }>();
  /** Servers that keep no session: one connection serves every conversation. */
  const stateless = new Set<string>();
  const pool = openMcpPool({
    fetch: limitedFetch(asWebFetch(setting.fetch), maxAnswerBytes),
    connectTimeoutMs: setting.connectTimeoutMs ?? 15_000,
    waitMs: callTimeoutMs,
    idleMs: setting.idleMs ?? 60_000,
    maxOpen: { http: setting.maxConnections ?? 256, stdio: setting.maxPrograms ?? 16 },
  });

  async function use<T>(
    server: McpServer,
    { owner, signal }: Pick<McpCall, "owner" | "signal">,
    ask: (client: Client) => Promise<T>,
    isRetry = false,
  ): Promise<T> {
    if (server.kind === "stdio") checkStdioServer(server, setting.stdio);
    const shared = keyOf(server);
    const key = stateless.has(shared) ? shared : keyOf(server, owner);
    const connection = await pool.take(server, key, signal);
    let isForgotten = false;
    try {
      const client = await unlessAborted(connection.client, signal);
      const isStateless = server.kind === "http" && !client.transport?.sessionId;
      if (isStateless && stateless.size < maxKnownServers) stateless.add(shared);
      return await ask(client);
    } catch (error) {
      const { code } = error as { code?: unknown };
      isForgotten = connection.isKept && forgottenSession.includes(code);
      if (!isForgotten || isRetry) throw error;
    } finally {
      connection.release(isForgotten);
    }
    return use(server, { owner, signal }, ask, true);
  }

  const loadTools = async (server: McpServer, key: string): Promise<McpTool[]> => {
    const cached = parseTools(await cache?.get(key).catch(() => undefined));
    if (cached) return cached;
    const signal = AbortSignal.timeout(3 * callTimeoutMs);
    const tools = await use(server, { owner: "", signal }, (client) =>
      listAll(client, callTimeoutMs),
    );
    const text = JSON.stringify(tools);
    if (text.length > maxToolsBytes)
      throw new Error(`The list of tools is longer than ${maxToolsBytes} bytes`);
    await cache?.set(key, text, toolsTtlMs).catch(() => {});
    return tools;
  };

  return {
    listTools(server, signal) {
      const key = keyOf(server);
      let list = lists.get(key);
      if (!list || list.until < performance.now()) {
        list = { tools: loadTools(server, key), until: performance.now() + toolsTtlMs };
        list.tools.catch(() => lists.delete(key));
        if (lists.size >= maxKnownServers) lists.delete(lists.keys().next().value!);
        lists.set(key, list);
      }
      return unlessAborted(list.tools, signal).catch((error) => fail(error, signal));
    },
    async callTool(server, { name, args, owner, signal }) {
      const { CallToolResultSchema } = await import("@modelcontextprotocol/sdk/types.js");
      const request = { method: "tools/call", params: { name, arguments: args } } as const;
      const options = { signal, timeout: callTimeoutMs, maxTotalTimeout: callTimeoutMs };
      const result = await use(server, { owner, signal }, (client) =>
        client.request(request, CallToolResultSchema, options),
      ).catch((error) => fail(error, signal));
      return JSON.stringify(result.content);
    },
    close: () => pool.close(),
  };
}

const Tools = z.array(
  z.object({
    name: z.string(),
    description: z.string(),
    schema: z.record(z.string(), z.unknown()),
  }),
);

/** Another version's entry, or a damaged one, is as good as none. */
function parseTools(text: string | undefined): McpTool[] | undefined {
  if (text === undefined) return undefined;
  try {
    return Tools.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const keyOf = (server: McpServer, owner = "") =>
  createHash("sha256")
    .update(JSON.stringify([server, owner]))
    .digest("base64url");

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

function fail(error: unknown, signal: AbortSignal): never {
  signal.throwIfAborted();
  const { message = String(error), cause } = error as Error;
  const words = message === "fetch failed" && cause instanceof Error ? cause.message : message;
  throw new Error(`MCP server: ${words.slice(0, 500)}`, { cause: error });
}
