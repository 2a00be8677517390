import { z } from "zod";
import type { NodeRun } from "../node.ts";
import type { Tool } from "../tool.ts";
import { loadTool } from "./registry.ts";
import { resolveConfig } from "./resolve-config.ts";

const Config = z.record(z.string(), z.unknown()).catch({});

/** Builds the tools of one embedded component, and returns its config as it was used. */
export async function buildTools(
  name: string,
  config: unknown,
  context: NodeRun,
): Promise<{ tools: Tool[]; config: Record<string, unknown> }> {
  const component = await loadTool(name);
  const resolved = await resolveConfig(component, Config.parse(config), context);
  return { tools: await component.create(resolved, context), config: resolved };
}
