import { createHash } from "node:crypto";
import { z } from "zod";
import type { JsonSchema } from "../model.ts";

const Parameter = z.looseObject({
  name: z.string(),
  in: z.string(),
  description: z.string().optional(),
  required: z.boolean().optional(),
  schema: z.record(z.string(), z.unknown()).optional(),
});
type Parameter = z.infer<typeof Parameter>;
const Document = z.looseObject({
  servers: z.array(z.looseObject({ url: z.string() })).optional(),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});
type Document = z.infer<typeof Document>;

export interface Operation {
  id: string;
  method: string;
  path: string;
  description: string;
  /** Arguments by place: `PathParameters`, `QueryParameters`, `RequestBody`. */
  schema: JsonSchema;
}

export interface OpenApi {
  servers: string[];
  operations: Operation[];
}

const methods = new Set(["get", "put", "post", "delete", "patch"]);
const maxCached = 16;
const cache = new Map<string, OpenApi>();

/** Reads an OpenAPI document, JSON or YAML. Documents are large and runs many, so the last few stay read. */
export async function readOpenApi(text: string): Promise<OpenApi> {
  const key = createHash("sha256").update(text).digest("base64");
  const known = cache.get(key);
  if (known) return known;
  const { parse } = await import("yaml");
  const parsed = Document.safeParse(parse(text, { maxAliasCount: 100 }));
  if (!parsed.success) throw new Error("Failed to load OpenAPI spec");
  const document = parsed.data;
  const read = {
    servers: document.servers?.map(({ url }) => url) ?? [],
    operations: operationsOf(document),
  };
  if (cache.size >= maxCached) cache.delete(cache.keys().next().value!);
  cache.set(key, read);
  return read;
}

function operationsOf(document: Document): Operation[] {
  const operations: Operation[] = [];
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, value] of Object.entries(item)) {
      const operation = value as Record<string, unknown> | null;
      if (!methods.has(method) || typeof operation?.operationId !== "string") continue;
      const id = operation.operationId;
      operations.push({
        id,
        method: method.toUpperCase(),
        path,
        description: String(operation.description || operation.summary || id),
        schema: argumentsOf(document, item, operation),
      });
    }
  return operations;
}

function argumentsOf(
  document: Document,
  item: Record<string, unknown>,
  operation: Record<string, unknown>,
): JsonSchema {
  const listed = [item.parameters, operation.parameters].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  const parameters = listed.flatMap((one) => {
    const parsed = Parameter.safeParse(follow(document, one));
    return parsed.success ? [parsed.data] : [];
  });
  const body = bodyOf(document, operation.requestBody);
  const places: [string, JsonSchema | undefined, boolean][] = [
    ["PathParameters", parametersIn("path", parameters, document), true],
    ["QueryParameters", parametersIn("query", parameters, document), false],
    ["RequestBody", body?.schema, body?.required ?? false],
  ];
  const present = places.filter(([, schema]) => schema);
  const required = present.filter(([, , isRequired]) => isRequired).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(present.map(([name, schema]) => [name, schema])),
    ...(required.length > 0 && { required }),
  };
}

function parametersIn(
  place: string,
  parameters: Parameter[],
  document: Document,
): JsonSchema | undefined {
  const those = parameters.filter((parameter) => parameter.in === place);
  if (those.length === 0) return undefined;
  const required = those.filter((one) => one.required).map(({ name }) => name);
  return {
    type: "object",
    properties: Object.fromEntries(
      those.map(({ name, description, schema }) => [
        name,
        { ...plain(document, schema ?? { type: "string" }), ...(description && { description }) },
      ]),
    ),
    ...(required.length > 0 && { required }),
  };
}

function bodyOf(
  document: Document,
  value: unknown,
): { schema: JsonSchema; required: boolean } | undefined {
  const body = follow(document, value) as Record<string, Record<string, unknown>> | undefined;
  const content = body?.content as Record<string, { schema?: unknown }> | undefined;
  const schema = content?.["application/json"]?.schema;
  return schema
    ? { schema: plain(document, schema), required: body?.required === (true as unknown) }
    : undefined;
}

/** What `$ref` points to; only places within the document. */
function follow(document: Document, value: unknown): unknown {
  let current = value;
  for (let hops = 0; hops < 10; hops++) {
    const reference = (current as { $ref?: unknown } | null | undefined)?.$ref;
    if (typeof reference !== "string") return current;
    if (!reference.startsWith("#/")) return undefined;
    current = reference
      .slice(2)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<unknown>(
        (at, part) =>
          typeof at === "object" && at !== null && Object.hasOwn(at, part)
            ? (at as Record<string, unknown>)[part]
            : undefined,
        document,
      );
  }
  return undefined;
}

const maxDepth = 8;
const kept = ["type", "description", "enum", "format", "required"];

/** The schema without references, and with the words only that every model provider takes. */
function plain(document: Document, value: unknown, depth = 0): JsonSchema {
  const schema = follow(document, value);
  if (typeof schema !== "object" || schema === null || depth > maxDepth) return {};
  const given = schema as JsonSchema;
  const result: JsonSchema = {};
  for (const name of kept) if (given[name] !== undefined) result[name] = given[name];
  if (typeof given.properties === "object" && given.properties !== null)
    result.properties = Object.fromEntries(
      Object.entries(given.properties).map(([name, property]) => [
        name,
        plain(document, property, depth + 1),
      ]),
    );
  if (given.items !== undefined) result.items = plain(document, given.items, depth + 1);
  for (const name of ["anyOf", "oneOf", "allOf"])
    if (Array.isArray(given[name]))
      result[name] = given[name].map((part) => plain(document, part, depth + 1));
  return result;
}
