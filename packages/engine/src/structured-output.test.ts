import { expect, test } from "vitest";
import { StructuredRows, structuredSchema } from "./structured-output.ts";

const schemaOf = (rows: unknown) => structuredSchema(StructuredRows.parse(rows));
const field = (row: object) => schemaOf([{ key: "k", description: "d", ...row }]).properties;

test.each([
  [{ type: "string" }, { type: "string" }],
  [{ type: "number" }, { type: "number" }],
  [{ type: "boolean" }, { type: "boolean" }],
  [{ type: "stringArray" }, { type: "array", items: { type: "string" } }],
  [
    { type: "enum", enumValues: "a, b ,c" },
    { type: "string", enum: ["a", "b", "c"] },
  ],
  [
    { type: "jsonArray", jsonSchema: "" },
    { type: "array", items: { type: "object", additionalProperties: {} } },
  ],
  [{ type: "unheard of" }, { type: "string" }],
])("%j becomes %j", (row, expected) => {
  expect(field(row)).toEqual({ k: { ...expected, description: "d" } });
});

test("records of a list are described in relaxed JSON", () => {
  const jsonSchema =
    "{ name: {type: 'string', description: 'who'}, tags: {type: 'array'}, age: {type: 'number', required: false}, }";
  expect(field({ type: "jsonArray", jsonSchema })).toEqual({
    k: {
      type: "array",
      description: "d",
      items: {
        type: "object",
        properties: {
          name: { type: "string", description: "who" },
          tags: { type: "array", items: { type: "string" } },
          age: { type: "number" },
        },
        required: ["name", "tags"],
      },
    },
  });
});

test("all fields are required, and none make an empty object", () => {
  expect(schemaOf([{ key: "a" }, { key: "b" }])).toMatchObject({ required: ["a", "b"] });
  for (const none of ["", null, undefined, []])
    expect(schemaOf(none)).toEqual({ type: "object", properties: {}, required: [] });
});
