import type { OverridePermissions } from "./run-input.ts";

/**
 * Applies a request's `overrideConfig` to the inputs of one node. Returns the changed inputs only.
 * An object is taken only by the node whose id it names: whole objects would pass by the permissions.
 */
export function overrideInputs(
  node: { id: string; name: string; label: string; inputs: Record<string, unknown> },
  override: Record<string, unknown>,
  permissions: OverridePermissions,
): Record<string, unknown> {
  const allowed = permissions.nodes[node.label];
  const changed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(override)) {
    if (key === "analytics") changed.analytics = value;
    else if (key === "vars") changed.vars = permittedVariables(value, permissions);
    else if (key !== "sessionId" && allowed && isAllowed(allowed, key)) {
      const next = overridden(node, node.inputs[key], value);
      if (next !== undefined) changed[key] = next;
    }
  }
  return changed;
}

/** Flowise lists an input that takes files as `files`; the one of the File Loader is `file`, whatever their kind. */
const isAllowed = (allowed: ReadonlySet<string>, key: string): boolean =>
  allowed.has(key) || (/^[a-z]+File$/.test(key) && (allowed.has("files") || allowed.has("file")));

export function permittedVariables(value: unknown, permissions: OverridePermissions | undefined) {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).filter(([name]) => permissions?.variables.has(name));
  return Object.fromEntries(entries);
}

function overridden(node: { id: string }, current: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return Array.isArray(current) ? union(current, value) : value;
  if (typeof value === "object" && value !== null) {
    if (!Object.hasOwn(value, node.id)) return undefined;
    return merged(current, (value as Record<string, unknown>)[node.id]);
  }
  if (value === "true") return true;
  if (value === "false") return false;
  return value || undefined; // falsy values leave the input as it is: authors rely on it
}

// An override that repeats a row does not double it.
function union(current: unknown[], added: unknown[]): unknown[] {
  const seen = new Set<string>();
  return [...current, ...added].filter((item) => {
    const key = JSON.stringify(item);
    return !seen.has(key) && seen.add(key);
  });
}

function merged(current: unknown, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const base = typeof current === "string" ? parseObject(current) : current;
  return typeof base === "object" && base !== null && !Array.isArray(base)
    ? { ...base, ...value }
    : value;
}

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
