import type { JsonSchema } from "../model.ts";

/** A value as a schema describes it: surplus fields dropped, defaults filled in. Throws what does not fit, with its path. */
export function conform(schema: JsonSchema, value: unknown, path = "the answer"): unknown {
  const given = value === undefined ? schema.default : value;
  const types = [schema.type].flat().filter((type) => type !== undefined);
  if (types.length > 0 && !types.some((type) => isOfType(type, given)))
    throw new Error(`${path} is not of type ${types.join(" or ")}`);
  if (Array.isArray(schema.enum) && !schema.enum.includes(given))
    throw new Error(`${path} is none of ${schema.enum.join(", ")}`);
  if ("const" in schema && given !== schema.const)
    throw new Error(`${path} is not ${JSON.stringify(schema.const)}`);
  checkLimits(schema, given, path);
  if (Array.isArray(given))
    return given.map((item, i) => conform(asSchema(schema.items), item, `${path}[${i}]`));
  if (typeof given === "object" && given !== null && schema.properties)
    return conformObject(schema, given as Record<string, unknown>, path);
  return given;
}

function conformObject(schema: JsonSchema, given: Record<string, unknown>, path: string) {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const entries = Object.entries(asSchema(schema.properties)).flatMap(([name, property]) => {
    const rule = asSchema(property);
    const isMissing = given[name] === undefined && rule.default === undefined;
    if (isMissing && required.includes(name)) throw new Error(`${path}.${name} is missing`);
    return isMissing ? [] : [[name, conform(rule, given[name], `${path}.${name}`)] as const];
  });
  return Object.fromEntries(entries);
}

function checkLimits(schema: JsonSchema, value: unknown, path: string): void {
  const [size, limits] =
    typeof value === "number"
      ? [value, ["minimum", "maximum"]]
      : typeof value === "string"
        ? [value.length, ["minLength", "maxLength"]]
        : Array.isArray(value)
          ? [value.length, ["minItems", "maxItems"]]
          : [0, []];
  const [min, max] = limits.map((name) => schema[name]);
  if (typeof min === "number" && size < min) throw new Error(`${path} is below ${min}`);
  if (typeof max === "number" && size > max) throw new Error(`${path} is above ${max}`);
}

const asSchema = (value: unknown): JsonSchema =>
  typeof value === "object" && value !== null ? (value as JsonSchema) : {};

function isOfType(type: unknown, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "null":
      return value === null;
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
