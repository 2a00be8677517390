import type { ToolResult } from "../tool.ts";

// In the order in which a result carries them, last first.
const suffixes = [
  ["toolInput", "----FLOWISE_TOOL_ARGS----"],
  ["artifacts", "----FLOWISE_ARTIFACTS----"],
  ["sourceDocuments", "----FLOWISE_SOURCE_DOCUMENTS----"],
] as const;

/** What a tool's code returned, as text; data that rides at its end behind Flowise's marker lines is split off. */
export function toolResult(value: unknown): ToolResult {
  const result: ToolResult = { text: asText(value) };
  for (const [field, marker] of suffixes) {
    const at = result.text.indexOf(`\n\n${marker}\n\n`);
    if (at < 0) continue;
    const data = tryParse(result.text.slice(at + marker.length + 4));
    result.text = result.text.slice(0, at);
    if (field === "toolInput") result.toolInput = data;
    else if (Array.isArray(data)) result[field] = data;
  }
  return result;
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
