import type { JsonSchema } from "../../model.ts";

/** Speaks to MCP servers for every run of a process: connections and lists of tools are shared. */
export interface Mcp {
  listTools(server: McpServer, signal: AbortSignal): Promise<McpTool[]>;
  /** The content of the result as JSON text. Rejects when the server cannot be asked; a tool's own failure is a result. */
  callTool(server: McpServer, call: McpCall): Promise<string>;
  close(): Promise<void>;
}

export interface McpCall {
  name: string;
  args: Record<string, unknown>;
  /** The conversation; a server that keeps a session has one for each. */
  owner: string;
  signal: AbortSignal;
}

export type McpServer = HttpServer | StdioServer;

export interface HttpServer {
  kind: "http";
  url: string;
  headers: Record<string, string>;
}

export interface StdioServer {
  kind: "stdio";
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Written by us, not by an author: the policy's lists do not apply. */
  isPreset?: boolean;
}

export interface McpTool {
  name: string;
  description: string;
  schema: JsonSchema;
}

/** A cache of lists of tools that processes share. Keys are hashes, values text; failures only cost time. */
export interface McpToolCache {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
}
