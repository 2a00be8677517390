import { expect, test } from "vitest";
import { checkStdioServer } from "./stdio-policy.ts";

const policy = {
  securityCheck: true,
  allowedCommands: ["uvx"],
  allowedEnvVars: ["TOKEN"],
  allowedScriptPaths: ["/srv/mcp"],
};
const check = (command: string, args: string[] = [], env: Record<string, string> = {}) =>
  checkStdioServer({ kind: "stdio", command, args, env }, policy);

test.each([
  ["npx", ["-y", "@scope/server@1.0.0", "--port=3"]],
  ["node", ["/srv/mcp/server.js"]],
  ["uvx", ["mcp-server-time", "--zone", "Europe/Berlin"]],
])("%s %j may be started", (command, args) => {
  expect(() => check(command, args, { TOKEN: "x" })).not.toThrow();
});

test.each([
  ["bash", []],
  ["node", ["-e", "1"]],
  ["node", ["--import=data:x"]],
  ["node", ["--experimental_loader=data:x"]],
  ["node", ["-pe", "1"]],
  ["node", ["/srv/mcp/../other.js"]],
  ["node", ["/srv/mcp-other/server.js"]],
  ["node", ["./server.js"]],
  ["npx", ["-yc", "id"]],
  ["npx", ["server", "--file=/etc/passwd"]],
  ["npx", ["server;id"]],
  ["docker", ["run", "x"]],
  ["python", ["-mhttp.server"]],
])("%s %j may not be started", (command, args) => {
  expect(() => check(command, args)).toThrow(/not allowed/);
});

test("only named variables may be set", () => {
  expect(() => check("npx", ["x"], { NODE_OPTIONS: "x" })).toThrow("NODE_OPTIONS");
});
