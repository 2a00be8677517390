import type { ToolComponent } from "../tool.ts";

const loaders: Record<string, () => Promise<ToolComponent>> = {
  calculator: async () => (await import("./calculator.ts")).calculator,
  currentDateTime: async () => (await import("./current-date-time.ts")).currentDateTime,
  customTool: async () => (await import("./custom-tool.ts")).customTool,
  requestsGet: async () => (await import("./requests-get.ts")).requestsGet,
  requestsPost: async () => (await import("./requests-post.ts")).requestsPost,
  requestsPut: async () => (await import("./requests-put.ts")).requestsPut,
  requestsDelete: async () => (await import("./requests-delete.ts")).requestsDelete,
};

export const toolNames: readonly string[] = Object.keys(loaders);

/** Loads a tool component; only flows that use it pay for it. Rejects for a name we do not have. */
export function loadTool(name: string): Promise<ToolComponent> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (!load) return Promise.reject(new Error(`The tool ${name} is not supported`));
  return load();
}
