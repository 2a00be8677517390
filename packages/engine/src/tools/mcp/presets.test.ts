import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { openGuardedFetch } from "../../http/open-guarded-fetch.ts";
import { toolRun, toolsAt } from "../tool-test-bench.ts";
import { openMcp } from "./open-mcp.ts";

const server = fileURLToPath(new URL("./stdio-test-server.ts", import.meta.url));

/** Puts an `npx` on the path that starts our own server, whatever package it is asked for. */
async function fakeNpx() {
  const folder = await mkdtemp(join(tmpdir(), "sluice-npx-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "npx");
  await writeFile(file, `#!/bin/sh\nexec "${process.execPath}" "${server}" "$@"\n`);
  await chmod(file, 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

function presetRun(credential: Record<string, string>, isAllowed = true) {
  const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: [] });
  const nothing = { allowedCommands: [], allowedEnvVars: [], allowedScriptPaths: [] };
  const mcp = openMcp({ fetch, ...(isAllowed && { stdio: { securityCheck: true, ...nothing } }) });
  onTestFinished(async () => {
    await mcp.close();
    fetch.close();
  });
  return toolRun({ mcp, credential: async () => credential });
}
const config = { mcpActions: '["started"]', FLOWISE_CREDENTIAL_ID: "c" };

test.each([
  [
    "slackMCP",
    { botToken: "xoxb", teamId: "T1" },
    "@modelcontextprotocol/server-slack@",
    { SLACK_BOT_TOKEN: "xoxb", SLACK_TEAM_ID: "T1" },
  ],
  [
    "githubMCP",
    { accessToken: "gh" },
    "@modelcontextprotocol/server-github@",
    { GITHUB_PERSONAL_ACCESS_TOKEN: "gh" },
  ],
  [
    "braveSearchMCP",
    { braveApiKey: "bk" },
    "@modelcontextprotocol/server-brave-search@",
    { BRAVE_API_KEY: "bk" },
  ],
  ["postgreSQLMCP", { postgresUrl: "postgres://db" }, "@modelcontextprotocol/server-postgres@", {}],
  ["sequentialThinkingMCP", {}, "@modelcontextprotocol/server-sequential-thinking@", {}],
])("%s starts its package with its credential", async (name, credential, name_, env) => {
  await fakeNpx();
  const run = presetRun(credential as Record<string, string>);
  const [tool] = await toolsAt(run, name, config);
  const [{ text }] = JSON.parse((await tool!.call({}, run)).text);
  const started = JSON.parse(text);
  expect(started.args.slice(0, 2)).toEqual(["--yes", expect.stringContaining(name_)]);
  expect(started.args.slice(2)).toEqual(name === "postgreSQLMCP" ? ["postgres://db"] : []);
  expect(started.env).toMatchObject(env);
});

test("a preset without its credential, or where programs may not be started, says what is missing", async () => {
  const none = toolsAt(presetRun({}), "githubMCP", config);
  await expect(none).rejects.toThrow("Github MCP needs a credential with accessToken");
  const denied = toolsAt(presetRun({ accessToken: "gh" }, false), "githubMCP", config);
  await expect(denied).rejects.toThrow("CUSTOM_MCP_PROTOCOL=stdio");
});
