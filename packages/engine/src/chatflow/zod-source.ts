import JSON5 from "json5";
import type { JsonSchema } from "../model.ts";

interface Parsed {
  schema: JsonSchema;
  isOptional: boolean;
}

const kinds: Record<string, (argument: string) => JsonSchema> = {
  string: () => ({ type: "string" }),
  number: () => ({ type: "number" }),
  int: () => ({ type: "integer" }),
  boolean: () => ({ type: "boolean" }),
  date: () => ({ type: "string", format: "date-time" }),
  any: () => ({}),
  enum: (argument) => ({ type: "string", enum: JSON5.parse(argument) }),
  literal: (argument) => ({ const: JSON5.parse(argument) }),
  array: (argument) => ({ type: "array", items: parseType(argument).schema }),
  object: objectSchema,
};

/**
 * Reads the text of a zod schema, as authors write it, into JSON Schema. It is parsed, never run: what is not in
 * the subset is an error that names it.
 */
export function parseZodSource(source: string): JsonSchema {
  return parseType(withoutComments(source).trim().replace(/;$/, "")).schema;
}

function parseType(source: string): Parsed {
  const calls = callsOf(source);
  const [first, ...others] = calls;
  const kind = first && Object.hasOwn(kinds, first.name) ? kinds[first.name] : undefined;
  if (!first || !kind) throw new Error(`z.${first?.name ?? source} is not supported`);
  let type: Parsed = { schema: kind(first.argument), isOptional: false };
  for (const call of others) type = modified(type, call);
  return type;
}

function modified(
  { schema, isOptional }: Parsed,
  { name, argument }: { name: string; argument: string },
): Parsed {
  switch (name) {
    case "optional":
    case "nullish":
      return { schema, isOptional: true };
    case "nullable":
      return { schema: { ...schema, type: [schema.type, "null"].flat() }, isOptional };
    case "default":
      return { schema: { ...schema, default: JSON5.parse(argument) }, isOptional: true };
    case "describe":
      return { schema: { ...schema, description: JSON5.parse(argument) }, isOptional };
    case "array":
      return { schema: { type: "array", items: schema }, isOptional: false };
    case "int":
      return { schema: { ...schema, type: "integer" }, isOptional };
    case "min":
    case "max":
      return {
        schema: { ...schema, [limitName(schema.type, name)]: Number(argument.split(",")[0]) },
        isOptional,
      };
    default:
      throw new Error(`.${name}() is not supported`);
  }
}

function limitName(type: unknown, name: "min" | "max"): string {
  if (type === "string") return `${name}Length`;
  if (type === "array") return `${name}Items`;
  return `${name}imum`;
}

function objectSchema(argument: string): JsonSchema {
  const body = /^\{([\s\S]*)\}$/.exec(argument.trim())?.[1];
  if (body === undefined) throw new Error("z.object() takes an object of fields");
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const field of splitTop(body)) {
    const match = /^\s*(?:"([^"]+)"|'([^']+)'|([\w$]+))\s*:([\s\S]*)$/.exec(field);
    if (!match) throw new Error(`${field.trim()} is not a field`);
    const name = (match[1] ?? match[2] ?? match[3])!;
    const { schema, isOptional } = parseType(match[4]!.trim());
    properties[name] = schema;
    if (!isOptional) required.push(name);
  }
  return {
    type: "object",
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** `z.a(x).b()` as its calls in order. */
function callsOf(source: string): { name: string; argument: string }[] {
  if (!source.startsWith("z")) throw new Error(`${source.slice(0, 40)} is not a zod type`);
  const calls: { name: string; argument: string }[] = [];
  let rest = source.slice(1).trim();
  while (rest) {
    const name = /^\.\s*(\w+)\s*\(/.exec(rest);
    const end = name ? closing(rest, name[0].length - 1) : -1;
    if (!name || end < 0) throw new Error(`${rest.slice(0, 40)} cannot be read`);
    calls.push({ name: name[1]!, argument: rest.slice(name[0].length, end).trim() });
    rest = rest.slice(end + 1).trim();
  }
  return calls;
}

/** Splits at commas that stand in no bracket and no text. */
function splitTop(source: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    if (`"'\``.includes(char)) i = endOfText(source, i);
    else if ("([{".includes(char)) i = closing(source, i);
    else if (char === ",") {
      parts.push(source.slice(from, i));
      from = i + 1;
    }
    if (i < 0) throw new Error("a bracket or a text is not closed");
  }
  parts.push(source.slice(from));
  return parts.filter((part) => part.trim() !== "");
}

function closing(source: string, open: number): number {
  let depth = 0;
  for (let i = open; i < source.length; i++) {
    const char = source[i]!;
    if (`"'\``.includes(char)) {
      i = endOfText(source, i);
      if (i < 0) return -1;
    } else if ("([{".includes(char)) depth++;
    else if (")]}".includes(char) && --depth === 0) return i;
  }
  return -1;
}

function endOfText(source: string, start: number): number {
  for (let i = start + 1; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === source[start]) return i;
  }
  return -1;
}

// A text is kept as it is: `//` in it begins no comment.
const withoutComments = (source: string) =>
  source.replace(
    /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, text: string | undefined) => text ?? "",
  );
