import type { NodeRun } from "../node.ts";
import type { ToolComponent } from "../tool.ts";

/** A row's config with references looked up in the inputs in which the row's own component takes them. */
export async function resolveConfig(
  { acceptsVariables = [] }: Pick<ToolComponent, "acceptsVariables">,
  config: Record<string, unknown>,
  { resolve }: Pick<NodeRun, "resolve">,
): Promise<Record<string, unknown>> {
  const resolved = { ...config };
  for (const name of acceptsVariables)
    if (name in config) resolved[name] = await resolve(config[name]);
  return resolved;
}
