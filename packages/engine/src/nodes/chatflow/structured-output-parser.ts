import { z } from "zod";
import { defineChatNode } from "../../chatflow/chat-node.ts";
import { jsonParser } from "../../chatflow/json-parser.ts";
import { flag, text } from "../../input.ts";
import type { JsonSchema } from "../../model.ts";

const Row = z.object({ property: text, type: text, description: text, required: flag });
const Rows = z.preprocess((value, context) => {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value || "[]");
  } catch {
    context.addIssue({ code: "custom", message: "is not a JSON list of properties" });
    return z.NEVER;
  }
}, z.array(Row));

/** An object of the properties that the author lists. */
export const structuredOutputParser = defineChatNode({
  name: "structuredOutputParser",
  inputs: z.object({ jsonStructure: Rows, autofixParser: flag }),
  init: ({ jsonStructure, autofixParser }) => jsonParser(schemaOf(jsonStructure), autofixParser),
});

function schemaOf(rows: z.infer<typeof Row>[]): JsonSchema {
  const required = rows.filter((row) => row.required).map((row) => row.property);
  return {
    type: "object",
    properties: Object.fromEntries(
      rows.map(({ property, type, description }) => [property, { ...typeOf(type), description }]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function typeOf(type: string): JsonSchema {
  if (type === "number" || type === "boolean") return { type };
  return type === "date" ? { type: "string", format: "date-time" } : { type: "string" };
}
