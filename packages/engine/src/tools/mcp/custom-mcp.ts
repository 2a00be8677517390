import JSON5 from "json5";
import { z } from "zod";
import type { NodeRun } from "../../node.ts";
import { defineTool } from "../../tool.ts";
import type { McpServer } from "./mcp.ts";
import { mcpTools } from "./mcp-tools.ts";

const Texts = z.record(z.string(), z.coerce.string()).default({});
const Config = z.union([
  z.object({
    command: z.string().min(1),
    args: z.array(z.coerce.string()).default([]),
    env: Texts,
  }),
  z.object({ url: z.string().min(1), headers: Texts }),
]);

/** Tools of a server that the author describes: its address, or the program to start. */
export const customMCP = defineTool({
  name: "customMCP",
  async create(inputs, context) {
    const server = await readServer(inputs.mcpServerConfig, context);
    const component = { label: "Custom MCP", name: "customMCP" };
    return mcpTools(server, inputs.mcpActions, component, context);
  },
});

/** References are looked up here and not before, so that no secret gets into the record of the run. */
async function readServer(config: unknown, { resolve }: NodeRun): Promise<McpServer> {
  if (!config) throw new Error("Custom MCP: the server's configuration is missing");
  const parsed = Config.safeParse(await resolve(parse(config)));
  if (!parsed.success) throw new Error("Custom MCP: the configuration needs a url or a command");
  return "url" in parsed.data
    ? { kind: "http", ...parsed.data }
    : { kind: "stdio", ...parsed.data };
}

function parse(config: unknown): unknown {
  if (typeof config !== "string") return config;
  try {
    return JSON5.parse(config);
  } catch (cause) {
    throw new Error("Custom MCP: the server's configuration is not JSON", { cause });
  }
}
