import JSON5 from "json5";
import { z } from "zod";
import type { GuardedInit } from "../http/guarded-fetch.ts";
import type { JsonSchema } from "../model.ts";
import type { NodeRun } from "../node.ts";
import { isRichText, loadRichText, toMarkdown } from "../rich-text.ts";
import { requestText } from "./tool-request.ts";

/** What the four request tools are set up with, whatever the prefix of their inputs. */
export interface RequestSettings {
  url: string;
  name: string;
  description: string;
  headers: Record<string, string>;
  maxLength: number;
}

const Headers = z.record(z.string(), z.coerce.string());
const Property = z.looseObject({
  type: z.string().optional().catch(undefined),
  in: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  required: z.preprocess((value) => value === true || value === "true", z.boolean()),
});
export type Property = z.infer<typeof Property>;
const Properties = z.record(z.string(), Property);

export async function readSettings(
  inputs: Record<string, unknown>,
  prefix: string,
): Promise<RequestSettings> {
  const text = (name: string) => asPlainText(inputs[prefix + name]);
  const headers = await text("Headers");
  const maxLength = Number(inputs[`${prefix}MaxOutputLength`]);
  return {
    url: (await text("Url")).trim(),
    name: String(inputs[`${prefix}Name`] || ""),
    description: String(inputs[`${prefix}Description`] || ""),
    headers: headers ? Headers.parse(parseJson(headers, `${prefix}Headers`)) : {},
    maxLength: maxLength > 0 ? maxLength : Number.POSITIVE_INFINITY,
  };
}

/** Text an author saved: rich text as markdown, an object as JSON. */
export async function asPlainText(value: unknown): Promise<string> {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (!isRichText(text)) return text;
  await loadRichText();
  return toMarkdown(text);
}

export function parseJson(text: string, input: string): unknown {
  try {
    return JSON5.parse(text);
  } catch (cause) {
    throw new Error(`${input} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The author's `{name: {type, required, description}}`; undefined when there is none. */
export function readProperties(
  value: unknown,
  input: string,
): Record<string, Property> | undefined {
  const parsed = typeof value === "string" && value.trim() ? parseJson(value, input) : value;
  if (typeof parsed !== "object" || parsed === null || Object.keys(parsed).length === 0)
    return undefined;
  return Properties.parse(parsed);
}

export function objectSchema(
  properties: Record<string, Property>,
  typeOf: (property: Property) => JsonSchema,
  description: string,
): JsonSchema {
  const entries = Object.entries(properties);
  const required = entries.filter(([, property]) => property.required).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(
      entries.map(([name, property]) => [
        name,
        {
          ...typeOf(property),
          ...(property.description && { description: property.description }),
        },
      ]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
    description,
  };
}

/** Sends the request; an answer other than 2xx fails. */
export async function send(
  method: string,
  url: string,
  { headers, maxLength }: RequestSettings,
  init: Pick<GuardedInit, "body"> & { headers?: Record<string, string> },
  context: NodeRun,
): Promise<string> {
  try {
    const all = { ...lowerCased(init.headers), ...lowerCased(headers) };
    const answer = await requestText(url, { ...init, method, headers: all }, context);
    if (!answer.isOk) throw new Error(`HTTP Error ${answer.status}: ${answer.statusText}`);
    return answer.text.slice(0, maxLength);
  } catch (cause) {
    context.services.signal.throwIfAborted();
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Failed to make ${method} request: ${words}`, { cause });
  }
}

const lowerCased = (headers: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
