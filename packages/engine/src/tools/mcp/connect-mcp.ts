import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { HttpServer, McpServer } from "./mcp.ts";

/** Flowise's servers may speak the older protocol over SSE only; these answers say so. */
const speaksOlderProtocol = [400, 404, 405, -1];

/** Connects to a server; the caller closes the client. */
export async function connectMcp(
  server: McpServer,
  { fetch, timeoutMs }: { fetch: typeof globalThis.fetch; timeoutMs: number },
): Promise<Client> {
  if (server.kind === "stdio") {
    const { StdioClientTransport, getDefaultEnvironment } = await import(
      "@modelcontextprotocol/sdk/client/stdio.js"
    );
    const { command, args, env } = server;
    const setting = { command, args, env: { ...getDefaultEnvironment(), ...env } };
    return open(new StdioClientTransport({ ...setting, stderr: "ignore" }), timeoutMs);
  }
  const { StreamableHTTPClientTransport, StreamableHTTPError } = await import(
    "@modelcontextprotocol/sdk/client/streamableHttp.js"
  );
  const { url, options } = httpSetting(server, fetch);
  try {
    return await open(new StreamableHTTPClientTransport(url, options), timeoutMs);
  } catch (error) {
    const isOlder =
      error instanceof StreamableHTTPError && speaksOlderProtocol.includes(error.code ?? 0);
    if (!isOlder) throw error;
    const { SSEClientTransport } = await import("@modelcontextprotocol/sdk/client/sse.js");
    return open(new SSEClientTransport(url, options), timeoutMs);
  }
}

function httpSetting({ url, headers }: HttpServer, fetch: typeof globalThis.fetch) {
  const parsed = URL.parse(url);
  if (!parsed) throw new Error("The MCP server's url is not an address");
  return { url: parsed, options: { fetch, requestInit: { headers } } };
}

async function open(transport: Transport, timeoutMs: number): Promise<Client> {
  const { Client: McpClient } = await import("@modelcontextprotocol/sdk/client/index.js");
  const client = new McpClient({ name: "sluice", version: "1.0.0" });
  // Errors of a request reject it; others (a lost stream) have nobody to be told.
  client.onerror = () => {};
  const deadline = AbortSignal.timeout(timeoutMs);
  let stop = () => {};
  const late = new Promise<never>((_, reject) => {
    stop = () => reject(new Error(`The MCP server did not answer within ${timeoutMs} ms`));
    deadline.addEventListener("abort", stop, { once: true });
  });
  try {
    await Promise.race([client.connect(transport, { timeout: timeoutMs }), late]);
    return client;
  } catch (error) {
    await client.close().catch(() => {});
    throw error;
  } finally {
    deadline.removeEventListener("abort", stop);
  }
}
