import JSON5 from "json5";
import { z } from "zod";
import { rows, text } from "./input.ts";
import type { JsonSchema } from "./model.ts";

export const StructuredRows = rows(
  z.object({ key: text, type: text, enumValues: text, jsonSchema: text, description: text }),
);

/** The object that `…StructuredOutput` rows describe. */
export function structuredSchema(fields: z.infer<typeof StructuredRows>): JsonSchema {
  const properties = Object.fromEntries(
    fields.map((field) => [field.key, { ...fieldSchema(field), description: field.description }]),
  );
  return { type: "object", properties, required: fields.map((field) => field.key) };
}

function fieldSchema(field: z.infer<typeof StructuredRows>[number]): JsonSchema {
  switch (field.type) {
    case "number":
    case "boolean":
      return { type: field.type };
    case "stringArray":
      return { type: "array", items: { type: "string" } };
    case "enum":
      return { type: "string", enum: field.enumValues.split(",").map((value) => value.trim()) };
    case "jsonArray":
      return { type: "array", items: itemSchema(field.jsonSchema) };
    default:
      return { type: "string" };
  }
}

/** `{field: {type, description}}`, or records of any kind where nothing is said. */
function itemSchema(source: string): JsonSchema {
  if (!source.trim()) return { type: "object", additionalProperties: {} };
  const fields = JSON5.parse<Record<string, Record<string, unknown>>>(source);
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, propertySchema(field)]),
  );
  const required = Object.keys(fields).filter((name) => fields[name]?.required !== false);
  return { type: "object", properties, required };
}

function propertySchema(field: Record<string, unknown>): JsonSchema {
  const { type, description, items, properties, enum: values } = field;
  return {
    type: type ?? "string",
    ...(type === "array" && { items: items ?? { type: "string" } }),
    ...(type === "object" && properties !== undefined && { properties }),
    ...(values !== undefined && { enum: values }),
    ...(typeof description === "string" && { description }),
  };
}
