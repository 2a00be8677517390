import type { JsonSchema } from "../model.ts";
import type { ToolComponent } from "../tool.ts";
import {
  objectSchema,
  type Property,
  readProperties,
  readSettings,
  send,
} from "./request-settings.ts";

/** Declares a request tool whose arguments go into the URL. */
export function queryRequest(kind: {
  component: "requestsGet" | "requestsDelete";
  label: string;
  method: "GET" | "DELETE";
  name: string;
  description: string;
}): ToolComponent {
  const { component, label, method } = kind;
  return {
    name: component,
    acceptsVariables: [`${component}Url`, `${component}Headers`],
    async create(inputs) {
      const settings = await readSettings(inputs, component);
      const schemaInput = `${component}QueryParamsSchema`;
      const properties = readProperties(inputs[schemaInput], schemaInput);
      return [
        {
          name: settings.name || kind.name,
          description: settings.description || kind.description,
          schema: schemaOf(properties),
          component: { label, name: component },
          async call({ queryParams }, context) {
            if (!settings.url) throw new Error(`URL is required for ${method} request`);
            const given = Object.entries((queryParams ?? {}) as Record<string, unknown>);
            const url = withParameters(settings.url, given, properties);
            return { text: await send(method, url, settings, {}, context) };
          },
        },
      ];
    },
  };
}

function schemaOf(properties: Record<string, Property> | undefined): JsonSchema {
  const text = { type: "string" };
  const queryParams = properties
    ? objectSchema(properties, () => text, "Query parameters for the request")
    : {
        type: "object",
        additionalProperties: text,
        description: "Optional query parameters to include in the request",
      };
  return { type: "object", properties: { queryParams }, additionalProperties: false };
}

/** Puts values into `:name` places, else behind the path, else into the query; unknown names are dropped. */
function withParameters(
  url: string,
  given: [string, unknown][],
  properties: Record<string, Property> | undefined,
): string {
  let target = url;
  const query: [string, string][] = [];
  for (const [name, value] of given) {
    const property = properties ? own(properties, name) : { in: "query" };
    if (!property || value === undefined || value === null) continue;
    if (property.in === "path") target = withSegment(target, name, String(value));
    else query.push([name, String(value)]);
  }
  if (query.length === 0) return target;
  const parsed = new URL(target);
  for (const [name, value] of query) parsed.searchParams.append(name, value);
  return parsed.href;
}

const own = (properties: Record<string, Property>, name: string) =>
  Object.hasOwn(properties, name) ? properties[name] : undefined;

function withSegment(url: string, name: string, value: string): string {
  const segment = encodeURIComponent(value);
  const place = new RegExp(`:${name.replaceAll(/\W/g, "\\$&")}\\b`, "g");
  const filled = url.replace(place, () => segment);
  if (filled !== url) return filled;
  const [, path = "", rest = ""] = /^([^?#]*)(.*)$/s.exec(url) ?? [];
  return `${path.replace(/\/$/, "")}/${segment}${rest}`;
}
