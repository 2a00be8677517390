import { getPath } from "./reference.ts";

/**
 * Lays "update state" rows over the state and fills in templates about the node's own output, in every value
 * that holds one: `{{ output }}` is the content, `{{ output.a.b }}` a path into content that is JSON and then the
 * whole value, unless `keepsText` is set.
 */
export function updateState(
  state: Record<string, unknown>,
  updates: unknown,
  content: unknown,
  keepsText = false,
): Record<string, unknown> {
  const next = { ...state };
  for (const row of Array.isArray(updates) ? updates : [])
    if (typeof row?.key === "string" && row.key !== "") next[row.key] = row.value;
  for (const [key, value] of Object.entries(next))
    if (typeof value === "string" && /\{\{\s*output/.test(value))
      next[key] = filled(value, content, keepsText);
  return next;
}

const references = /\{\{\s*output(?:\.([^}]*?))?\s*\}\}/g;

function filled(template: string, content: unknown, keepsText: boolean): unknown {
  if (/^\{\{\s*output\s*\}\}$/.test(template)) return content;
  const isWhole = /^\s*\{\{[^}]*\}\}\s*$/.test(template);
  if (keepsText && !isWhole)
    return template.replaceAll(references, (reference, path?: string) =>
      asText(path === undefined ? content : (getPath(parsed(content), path) ?? reference)),
    );
  const path = /\{\{\s*output\.([^}]*?)\s*\}\}/.exec(template)?.[1];
  if (path !== undefined) return getPath(parsed(content), path) ?? template;
  return template.replaceAll("{{ output }}", () => String(content));
}

const asText = (value: unknown) =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);

function parsed(content: unknown): unknown {
  if (typeof content !== "string") return content;
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
