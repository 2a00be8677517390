import type { ToolComponent } from "../tool.ts";

const loaders: Record<string, () => Promise<ToolComponent>> = {
  arxiv: async () => (await import("./arxiv.ts")).arxiv,
  braveSearchAPI: async () => (await import("./brave-search-api.ts")).braveSearchAPI,
  calculator: async () => (await import("./calculator.ts")).calculator,
  currentDateTime: async () => (await import("./current-date-time.ts")).currentDateTime,
  customTool: async () => (await import("./custom-tool.ts")).customTool,
  googleCustomSearch: async () => (await import("./google-custom-search.ts")).googleCustomSearch,
  openAPIToolkit: async () => (await import("./openapi-toolkit.ts")).openAPIToolkit,
  requestsDelete: async () => (await import("./requests-delete.ts")).requestsDelete,
  requestsGet: async () => (await import("./requests-get.ts")).requestsGet,
  requestsPost: async () => (await import("./requests-post.ts")).requestsPost,
  requestsPut: async () => (await import("./requests-put.ts")).requestsPut,
  serpAPI: async () => (await import("./serp-api.ts")).serpAPI,
  serper: async () => (await import("./serper.ts")).serper,
  webScraperTool: async () => (await import("./web-scraper-tool.ts")).webScraperTool,
};

export const toolNames: readonly string[] = Object.keys(loaders);

/** Loads a tool component; only flows that use it pay for it. Rejects for a name we do not have. */
export function loadTool(name: string): Promise<ToolComponent> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (!load) return Promise.reject(new Error(`The tool ${name} is not supported`));
  return load();
}
