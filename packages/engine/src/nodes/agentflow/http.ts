import { createHash } from "node:crypto";
import JSON5 from "json5";
import { z } from "zod";
import type { GuardedResponse } from "../../http/guarded-fetch.ts";
import { text } from "../../input.ts";
import { defineNode, type NodeRun } from "../../node.ts";

const Rows = z.array(z.object({ key: text, value: text }));
const inputs = z.object({
  method: text,
  url: text,
  headers: z.unknown().optional(),
  queryParams: z.unknown().optional(),
  bodyType: text,
  body: z.unknown().optional(),
  responseType: text,
});
type Inputs = z.infer<typeof inputs>;

/** Calls a URL. A 4xx or 5xx is a result like any other: flows branch on `output.http.status`. */
export const http = defineNode({
  name: "httpAgentflow",
  inputs,
  async run(given, context) {
    const { method, url, headers, queryParams, bodyType, body, responseType } = given;
    const { content, type } = await encodeBody(given);
    const response = await context.services.fetch(withQuery(url, queryParams), {
      method: method || "GET",
      headers: {
        accept: "application/json, text/plain, */*",
        ...(type && { "content-type": type }),
        ...idempotencyKey(method, context),
        ...lowerCased(pairs(headers)),
        ...(await authorization(context)),
      },
      ...(content !== undefined && { body: content }),
      signal: context.services.signal,
    });
    const http = {
      data: await readBody(response, responseType),
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    };
    return {
      input: { http: { method, url, headers, queryParams, bodyType, body, responseType } },
      output: { http },
    };
  },
});

/** What a receiver needs to do a call once, when a worker is lost in the middle and another one repeats it. */
function idempotencyKey(method: string, context: NodeRun): Record<string, string> {
  const id = /^(GET|HEAD|OPTIONS)?$/i.test(method) ? undefined : context.executionId();
  return id === undefined
    ? {}
    : { "idempotency-key": createHash("sha256").update(id).digest("hex").slice(0, 32) };
}

const pairs = (value: unknown): [string, string][] => {
  const parsed = Rows.safeParse(value);
  return parsed.success
    ? parsed.data.filter(({ key, value: v }) => key && v).map(({ key, value: v }) => [key, v])
    : [];
};

const lowerCased = (entries: [string, string][]) =>
  Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));

function withQuery(url: string, queryParams: unknown): string {
  const entries = pairs(queryParams);
  if (entries.length === 0) return url;
  const target = new URL(url);
  for (const [name, value] of entries) target.searchParams.append(name, value);
  return target.href;
}

async function encodeBody({
  method,
  bodyType,
  body,
}: Inputs): Promise<{ content?: string | Buffer; type?: string }> {
  if ((method || "GET") === "GET" || body === "" || body === undefined || body === null) return {};
  switch (bodyType) {
    case "json":
      return { content: asJson(body), type: "application/json" };
    case "raw":
      return { content: asText(body), type: "application/x-www-form-urlencoded" };
    case "xWwwFormUrlencoded":
      return { content: urlencoded(body), type: "application/x-www-form-urlencoded" };
    case "formData":
      return multipart(body);
    default:
      return {};
  }
}

const asText = (body: unknown) => (typeof body === "string" ? body : JSON.stringify(body));

function asJson(body: unknown): string {
  if (typeof body !== "string") return JSON.stringify(body);
  try {
    return JSON.stringify(JSON5.parse(body));
  } catch (cause) {
    throw new Error(`The body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function urlencoded(body: unknown): string {
  const value = typeof body === "string" ? tolerant(body) : body;
  if (Array.isArray(value)) return new URLSearchParams(pairs(value)).toString();
  if (typeof value === "object" && value !== null)
    return new URLSearchParams(
      Object.fromEntries(Object.entries(value).map(([k, v]) => [k, String(v)])),
    ).toString();
  return String(value);
}

function tolerant(text: string): unknown {
  try {
    return JSON5.parse(text);
  } catch {
    return text;
  }
}

async function multipart(body: unknown): Promise<{ content: Buffer; type: string }> {
  const form = new FormData();
  for (const [name, value] of pairs(body)) form.append(name, value);
  const encoded = new Response(form);
  return {
    content: Buffer.from(await encoded.arrayBuffer()),
    type: encoded.headers.get("content-type") ?? "multipart/form-data",
  };
}

async function authorization({ credentialId, services }: NodeRun): Promise<Record<string, string>> {
  if (!credentialId) return {};
  const fields = await services.credential(credentialId);
  if (fields.basicAuthUsername !== undefined) {
    const pair = `${fields.basicAuthUsername}:${fields.basicAuthPassword ?? ""}`;
    return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
  }
  if (fields.token !== undefined) return { authorization: `Bearer ${fields.token}` };
  return fields.key ? { [fields.key.toLowerCase()]: fields.value ?? "" } : {};
}

async function readBody(response: GuardedResponse, responseType: string): Promise<unknown> {
  if (responseType === "base64") return (await response.bytes()).toString("base64");
  if (responseType === "arraybuffer") return response.bytes();
  const body = await response.text();
  if (responseType === "text") return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
