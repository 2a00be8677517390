import { presetMcp } from "./preset-mcp.ts";

export const slackMCP = presetMcp({
  name: "slackMCP",
  label: "Slack MCP",
  package: "@modelcontextprotocol/server-slack@2025.4.25",
  secrets: ["botToken", "teamId"],
  env: ({ botToken, teamId }) => ({ SLACK_BOT_TOKEN: botToken, SLACK_TEAM_ID: teamId }),
});

export const githubMCP = presetMcp({
  name: "githubMCP",
  label: "Github MCP",
  package: "@modelcontextprotocol/server-github@2025.4.8",
  secrets: ["accessToken"],
  env: ({ accessToken }) => ({ GITHUB_PERSONAL_ACCESS_TOKEN: accessToken }),
});

export const braveSearchMCP = presetMcp({
  name: "braveSearchMCP",
  label: "Brave Search MCP",
  package: "@modelcontextprotocol/server-brave-search@0.6.2",
  secrets: ["braveApiKey"],
  env: ({ braveApiKey }) => ({ BRAVE_API_KEY: braveApiKey }),
});

// The server takes its database only as an argument.
export const postgreSQLMCP = presetMcp({
  name: "postgreSQLMCP",
  label: "PostgreSQL MCP",
  package: "@modelcontextprotocol/server-postgres@0.6.2",
  secrets: ["postgresUrl"],
  args: ({ postgresUrl }) => [postgresUrl],
});

export const sequentialThinkingMCP = presetMcp({
  name: "sequentialThinkingMCP",
  label: "Sequential Thinking MCP",
  package: "@modelcontextprotocol/server-sequential-thinking@2026.8.31",
});
