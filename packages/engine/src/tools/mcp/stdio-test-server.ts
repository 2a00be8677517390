import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

// Started by a test: tells what it can see of its environment.
const server = new McpServer({ name: "test", version: "1.0.0" });
server.registerTool("env", {}, () => ({
  content: [{ type: "text", text: `${process.env.MY_KEY} ${"VITEST" in process.env}` }],
}));
server.registerTool("started", {}, () => {
  const names = Object.keys(process.env).filter((name) => /SLACK|GITHUB|BRAVE/.test(name));
  const env = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  return {
    content: [{ type: "text", text: JSON.stringify({ args: process.argv.slice(2), env }) }],
  };
});
await server.connect(new StdioServerTransport());
