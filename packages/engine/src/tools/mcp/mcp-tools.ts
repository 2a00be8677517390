import JSON5 from "json5";
import { z } from "zod";
import type { NodeRun } from "../../node.ts";
import type { Tool } from "../../tool.ts";
import type { McpServer } from "./mcp.ts";

const maxNameLength = 128;
const maxDescriptionLength = 1024;
const Names = z.array(z.string()).catch([]);

/** The tools of a server that the author chose; the server is asked only where one is. */
export async function mcpTools(
  server: McpServer,
  actions: unknown,
  component: Tool["component"],
  { services }: NodeRun,
): Promise<Tool[]> {
  const chosen = chosenActions(actions);
  if (chosen.length === 0) return [];
  const { mcp } = services;
  if (!mcp) throw new Error(`${component.label}: MCP servers are not available here`);
  const offered = await mcp.listTools(server, services.signal);
  return offered
    .map((tool) => ({ ...tool, safeName: safeName(tool.name) }))
    .filter(({ name, safeName }) => chosen.includes(name) || chosen.includes(safeName))
    .map(({ name, safeName, description, schema }) => ({
      name: safeName,
      description: cleaned(description) || safeName,
      schema,
      component,
      async call(args, context) {
        const { flowId, sessionId } = context.request;
        const { signal } = context.services;
        const owner = JSON.stringify([flowId, sessionId]);
        return { text: await mcp.callTool(server, { name, args, owner, signal }) };
      },
    }));
}

/** A list that may be saved as JSON text. */
function chosenActions(actions: unknown): string[] {
  if (typeof actions !== "string") return Names.parse(actions);
  try {
    return Names.parse(JSON5.parse(actions));
  } catch {
    return [];
  }
}

const safeName = (name: string) => name.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, maxNameLength);

// Control characters have no place in what a model reads about a tool.
const cleaned = (text: string) =>
  text
    .replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, "")
    .trim()
    .slice(0, maxDescriptionLength);
