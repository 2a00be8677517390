import { z } from "zod";
import type { NodeRun } from "../node.ts";
import type { Tool } from "../tool.ts";
import { loadTool } from "./registry.ts";
import { resolveConfig } from "./resolve-config.ts";

const Config = z.record(z.string(), z.unknown()).catch({});

/** Builds the tools of one embedded component; also returns its config as it was used, and which inputs took references. */
export async function buildTools(
  name: string,
  config: unknown,
  context: NodeRun,
): Promise<{ tools: Tool[]; config: Record<string, unknown>; resolved: string[] }> {
  const component = await loadTool(name);
  const used = await resolveConfig(component, Config.parse(config), context);
  const tools = await component.create(used, context);
  return { tools, config: used, resolved: component.acceptsVariables ?? [] };
}
