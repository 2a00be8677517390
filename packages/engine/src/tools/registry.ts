import type { ToolComponent } from "../tool.ts";

const loaders: Record<string, () => Promise<ToolComponent>> = {
  agentAsTool: async () => (await import("./agent-as-tool.ts")).agentAsTool,
  ChatflowTool: async () => (await import("./chatflow-tool.ts")).chatflowTool,
  arxiv: async () => (await import("./arxiv.ts")).arxiv,
  braveSearchAPI: async () => (await import("./brave-search-api.ts")).braveSearchAPI,
  braveSearchMCP: async () => (await import("./mcp/presets.ts")).braveSearchMCP,
  calculator: async () => (await import("./calculator.ts")).calculator,
  currentDateTime: async () => (await import("./current-date-time.ts")).currentDateTime,
  customMCP: async () => (await import("./mcp/custom-mcp.ts")).customMCP,
  customTool: async () => (await import("./custom-tool.ts")).customTool,
  githubMCP: async () => (await import("./mcp/presets.ts")).githubMCP,
  googleCustomSearch: async () => (await import("./google-custom-search.ts")).googleCustomSearch,
  openAPIToolkit: async () => (await import("./openapi-toolkit.ts")).openAPIToolkit,
  postgreSQLMCP: async () => (await import("./mcp/presets.ts")).postgreSQLMCP,
  requestsDelete: async () => (await import("./requests-delete.ts")).requestsDelete,
  requestsGet: async () => (await import("./requests-get.ts")).requestsGet,
  requestsPost: async () => (await import("./requests-post.ts")).requestsPost,
  requestsPut: async () => (await import("./requests-put.ts")).requestsPut,
  sequentialThinkingMCP: async () => (await import("./mcp/presets.ts")).sequentialThinkingMCP,
  serpAPI: async () => (await import("./serp-api.ts")).serpAPI,
  serper: async () => (await import("./serper.ts")).serper,
  slackMCP: async () => (await import("./mcp/presets.ts")).slackMCP,
  webScraperTool: async () => (await import("./web-scraper-tool.ts")).webScraperTool,
};

export const toolNames: readonly string[] = Object.keys(loaders);

/** Loads a tool component; only flows that use it pay for it. Rejects for a name we do not have. */
export function loadTool(name: string): Promise<ToolComponent> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (!load) return Promise.reject(new Error(`The tool ${name} is not supported`));
  return load();
}
