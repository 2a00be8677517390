import type { ModelSetting } from "../../model.ts";

/** An input that is a JSON object, or the text of one; an empty object while unset. */
export function jsonInput({ inputs }: ModelSetting, name: string): Record<string, unknown> {
  const value = inputs[name];
  if (value === "" || value === null || value === undefined) return {};
  const parsed = typeof value === "string" ? parse(value) : value;
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
    return parsed as Record<string, unknown>;
  throw new Error(`${name} is not a JSON object`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
