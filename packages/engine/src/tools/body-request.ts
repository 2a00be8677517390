import { z } from "zod";
import type { JsonSchema } from "../model.ts";
import type { ToolComponent } from "../tool.ts";
import {
  asPlainText,
  objectSchema,
  type Property,
  parseJson,
  readProperties,
  readSettings,
  send,
} from "./request-settings.ts";

// Both components save it under this name.
const bodyInput = "requestPostBody";
const Body = z.record(z.string(), z.unknown());

/** Declares a request tool whose arguments go into a JSON body, over the one the author configured. */
export function bodyRequest(kind: {
  component: "requestsPost" | "requestsPut";
  label: string;
  method: "POST" | "PUT";
  name: string;
  description: string;
}): ToolComponent {
  const { component, label, method } = kind;
  return {
    name: component,
    acceptsVariables: [`${component}Url`, `${component}Headers`, bodyInput],
    async create(inputs) {
      const settings = await readSettings(inputs, component);
      const fixedText = await asPlainText(inputs[bodyInput]);
      const fixed = fixedText ? Body.parse(parseJson(fixedText, bodyInput)) : {};
      const schemaInput = `${component}BodySchema`;
      const properties = readProperties(inputs[schemaInput], schemaInput);
      return [
        {
          name: settings.name || kind.name,
          description: settings.description || kind.description,
          schema: schemaOf(properties),
          component: { label, name: component },
          async call(args, context) {
            if (!settings.url) throw new Error(`URL is required for ${method} request`);
            // Without a schema the author's body is all that is sent, as in Flowise, unless that is put right.
            const free = context.fixes?.has("requestBody") ? Body.parse(args.body ?? {}) : {};
            const given = properties ? known(args.body, properties) : free;
            const init = {
              headers: { "content-type": "application/json" },
              body: JSON.stringify({ ...fixed, ...given }),
            };
            return { text: await send(method, settings.url, settings, init, context) };
          },
        },
      ];
    },
  };
}

function schemaOf(properties: Record<string, Property> | undefined): JsonSchema {
  const body = properties
    ? objectSchema(properties, typeOf, "Request body parameters")
    : {
        type: "object",
        additionalProperties: {},
        description: "Optional body data to include in the request",
      };
  return {
    type: "object",
    properties: { body },
    ...(properties && { required: ["body"] }),
    additionalProperties: false,
  };
}

function typeOf({ type }: Property): JsonSchema {
  if (type === "number" || type === "boolean") return { type };
  if (type === "object") return { type, additionalProperties: {} };
  return type === "array" ? { type, items: {} } : { type: "string" };
}

const known = (body: unknown, properties: Record<string, Property>) =>
  Object.fromEntries(
    Object.entries((body ?? {}) as Record<string, unknown>).filter(([name]) =>
      Object.hasOwn(properties, name),
    ),
  );
