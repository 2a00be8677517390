import fc from "fast-check";
import type { Description, Schema } from "./operations.ts";

/** Values of properties that only make sense when they fit what is stored. */
export type Known = Record<string, fc.Arbitrary<unknown>>;

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, "", " ", "\u0000", "../..", "%00", "__proto__", -1, 2 ** 53, [], {}, true),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Mostly what a schema asks for, sometimes not. */
export function valuesOf(
  given: Schema,
  description: Description,
  known: Known,
  depth = 0,
): fc.Arbitrary<unknown> {
  const fitting = fittingOf(description.resolve(given), description, known, depth);
  return fc.oneof({ weight: 40, arbitrary: fitting }, { weight: 1, arbitrary: odd });
}

function fittingOf(
  schema: Schema,
  description: Description,
  known: Known,
  depth: number,
): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices?.length)
    return fc.oneof(...choices.map((choice) => valuesOf(choice, description, known, depth + 1)));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if ("const" in schema) return fc.constant(schema.const);
  const [type] = [schema.type ?? (schema.properties && "object")].flat();
  switch (type) {
    case "string":
      return textOf(schema);
    case "integer":
      return fc.integer({ min: schema.minimum ?? -5, max: schema.maximum ?? 1000 });
    case "number":
      return fc.double({ min: schema.minimum ?? -5, max: schema.maximum ?? 1000, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array": {
      if (depth > 4) return fc.constant([]);
      return fc.array(valuesOf(schema.items ?? {}, description, known, depth + 1), {
        maxLength: 3,
      });
    }
    case "object":
      return depth > 4 ? fc.constant({}) : objectOf(schema, description, known, depth);
    default:
      return odd;
  }
}

function objectOf(schema: Schema, description: Description, known: Known, depth: number) {
  const { properties = {}, required = [] } = schema;
  const members = Object.entries(properties).map(
    ([name, member]) =>
      [name, known[name] ?? valuesOf(member, description, known, depth + 1)] as const,
  );
  if (members.length === 0) return fc.dictionary(fc.string({ maxLength: 8 }), odd, { maxKeys: 3 });
  return fc.record(Object.fromEntries(members), {
    requiredKeys: required.filter((name) => name in properties),
  });
}

function textOf({ format, pattern, minLength = 0, maxLength = 40 }: Schema) {
  if (format === "uuid") return fc.uuid();
  if (format === "uri") return fc.webUrl();
  if (format === "date-time") return fc.date({ noInvalidDate: true }).map((at) => at.toISOString());
  if (pattern && minLength === 0) {
    try {
      return fc.stringMatching(new RegExp(pattern));
    } catch {
      // A pattern beyond what can be made up is left to chance.
    }
  }
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) });
}
