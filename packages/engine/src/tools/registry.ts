import type { ToolComponent } from "../tool.ts";

const loaders: Record<string, () => Promise<ToolComponent>> = {
  calculator: async () => (await import("./calculator.ts")).calculator,
};

export const toolNames: readonly string[] = Object.keys(loaders);

/** Loads a tool component; only flows that use it pay for it. Rejects for a name we do not have. */
export function loadTool(name: string): Promise<ToolComponent> {
  const load = loaders[name];
  if (!load) return Promise.reject(new Error(`The tool ${name} is not supported`));
  return load();
}
