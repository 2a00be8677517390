import type { JsonSchema } from "../model.ts";

export type FittedArguments =
  | { args: Record<string, unknown>; problem?: undefined }
  | { args?: undefined; problem: string };

/**
 * Makes arguments fit a tool's schema in one pass: numbers, booleans and texts into each other, JSON text into what it
 * describes, null for "not given". Surplus arguments stay. Parts of a schema that are not a plain type fit anything.
 */
export function fitArguments(schema: JsonSchema, given: Record<string, unknown>): FittedArguments {
  const problems: string[] = [];
  const args = fitObject(schema, given, "", problems);
  return problems.length > 0 ? { problem: problems.join(", ") } : { args };
}

function fitObject(
  schema: JsonSchema,
  given: Record<string, unknown>,
  path: string,
  problems: string[],
): Record<string, unknown> {
  const fitted = { ...given };
  const required = Array.isArray(schema.required) ? schema.required : [];
  for (const [name, property] of Object.entries((schema.properties ?? {}) as JsonSchema)) {
    const at = path ? `${path}.${name}` : name;
    const rule = property as JsonSchema;
    if (fitted[name] === null && rule.type !== "null" && typeof rule.type === "string")
      delete fitted[name];
    if (fitted[name] !== undefined) fitted[name] = fitValue(rule, fitted[name], at, problems);
    else if (required.includes(name)) problems.push(`${at} is missing`);
  }
  return fitted;
}

function fitValue(schema: JsonSchema, given: unknown, path: string, problems: string[]): unknown {
  const value = convert(schema.type, given);
  if (!isOfType(schema.type, value)) {
    problems.push(`${path} is not of type ${schema.type}`);
    return given;
  }
  if (Array.isArray(schema.enum) && !schema.enum.includes(value))
    problems.push(`${path} is none of ${schema.enum.join(", ")}`);
  if (schema.type === "object")
    return fitObject(schema, value as Record<string, unknown>, path, problems);
  if (schema.type === "array" && typeof schema.items === "object" && schema.items !== null)
    return (value as unknown[]).map((item, index) =>
      fitValue(schema.items as JsonSchema, item, `${path}[${index}]`, problems),
    );
  return value;
}

function convert(type: unknown, value: unknown): unknown {
  if (type === "string")
    return typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : typeof value === "object" && value !== null
        ? JSON.stringify(value)
        : value;
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (type === "number" || type === "integer")
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : value;
  if (type === "boolean") return { true: true, false: false }[text.toLowerCase()] ?? value;
  if (type !== "object" && type !== "array") return value;
  try {
    return JSON.parse(text);
  } catch {
    return value;
  }
}

function isOfType(type: unknown, value: unknown): boolean {
  switch (type) {
    case "string":
    case "number":
    case "boolean":
      return typeof value === type;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return true;
  }
}
