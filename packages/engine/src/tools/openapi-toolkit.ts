import JSON5 from "json5";
import { z } from "zod";
import { flag, text } from "../input.ts";
import type { NodeRun } from "../node.ts";
import { defineTool, type Tool } from "../tool.ts";
import { runCode } from "./custom-tool.ts";
import { type Operation, readOpenApi } from "./openapi-document.ts";
import { requestText } from "./tool-request.ts";
import { toolResult } from "./tool-result.ts";
import { readSecrets } from "./tool-secret.ts";

const Inputs = z.object({
  inputType: text,
  openApiFile: text,
  openApiLink: text,
  // As older exports name the file.
  yamlFile: text,
  selectedServer: text,
  selectedEndpoints: z.unknown().optional(),
  returnDirect: flag,
  headers: z.unknown().optional(),
  removeNulls: flag,
  customCode: text,
});
/** Stands before the name of a file whose content is kept elsewhere. */
const stored = "FILE-STORAGE::";
const Headers = z.record(z.string(), z.coerce.string());

/** One tool for each operation that an OpenAPI document describes. */
export const openAPIToolkit = defineTool({
  name: "openAPIToolkit",
  async create(given, context) {
    const inputs = Inputs.parse(given);
    const { servers, operations } = await readOpenApi(await documentText(inputs, context));
    const server = inputs.selectedServer || servers[0];
    if (!server) throw new Error("OpenAPI Toolkit: the document names no server");
    const { openAPIToken: token } = await readSecrets(given, ["openAPIToken"], context);
    const headers = {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
      ...headersOf(inputs.headers),
    };
    const wanted = namesOf(inputs.selectedEndpoints);
    return operations
      .filter(({ id, method, path }) => isWanted(wanted, id, `${method} ${path}`))
      .map((operation) => toolOf(operation, { ...inputs, server, headers }));
  },
});

interface Setting {
  server: string;
  headers: Record<string, string>;
  returnDirect: boolean;
  removeNulls: boolean;
  customCode: string;
}

function toolOf(operation: Operation, setting: Setting): Tool {
  const { server, headers, returnDirect, removeNulls, customCode } = setting;
  return {
    name: operation.id.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 64),
    description: operation.description.slice(0, 1024),
    schema: operation.schema,
    component: { label: "OpenAPI Toolkit", name: "openAPIToolkit" },
    returnDirect,
    async call(given, context) {
      const args = removeNulls ? (withoutNulls(given) as Record<string, unknown>) : given;
      const url = urlOf(server, operation.path, args);
      const sendsBody = operation.method !== "GET" && args.RequestBody !== undefined;
      const body = sendsBody ? JSON.stringify(args.RequestBody) : undefined;
      const options = { method: operation.method, headers, ...(body && { body }) };
      if (!customCode) return { text: (await requestText(url, options, context)).text };
      const { PathParameters, QueryParameters, RequestBody } = args;
      const globals = {
        $url: url,
        $options: options,
        $PathParameters: PathParameters,
        $QueryParameters: QueryParameters,
        $RequestBody: RequestBody,
      };
      return toolResult(await runCode(customCode, globals, context));
    },
  };
}

function urlOf(server: string, path: string, args: Record<string, unknown>): string {
  const places = (args.PathParameters ?? {}) as Record<string, unknown>;
  const filled = path.replaceAll(/\{([^}]+)\}/g, (place, name: string) =>
    places[name] === undefined ? place : encodeURIComponent(String(places[name])),
  );
  const url = new URL(server.replace(/\/$/, "") + filled);
  for (const [name, value] of Object.entries((args.QueryParameters ?? {}) as object))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null) url.searchParams.append(name, String(one));
  return url.href;
}

async function documentText(
  { inputType, openApiLink, openApiFile, yamlFile }: z.infer<typeof Inputs>,
  context: NodeRun,
): Promise<string> {
  if (inputType === "link") {
    const answer = await requestText(openApiLink, {}, context);
    if (answer.isOk) return answer.text;
    throw new Error(`Failed to load OpenAPI spec: ${answer.status} ${answer.statusText}`);
  }
  const file = openApiFile || yamlFile;
  if (file.startsWith(stored)) return storedText(file.slice(stored.length), context);
  const data = /^data:[^,]*;base64,([^,]*)/.exec(file)?.[1];
  if (data === undefined) throw new Error("Failed to load OpenAPI spec");
  return Buffer.from(data, "base64").toString();
}

/** A file among those of the conversation, by its name or a list of one. */
async function storedText(names: string, { services }: NodeRun): Promise<string> {
  const [name = names] = namesOf(names);
  const content = await services.file(name).catch((cause: unknown) => {
    throw new Error(`Failed to load OpenAPI spec: the file ${name} is not here`, { cause });
  });
  return content.toString();
}

function headersOf(value: unknown): Record<string, string> {
  const parsed = typeof value === "string" && value.trim() ? JSON5.parse(value) : value || {};
  const headers = Headers.parse(parsed);
  return Object.fromEntries(Object.entries(headers).map(([name, v]) => [name.toLowerCase(), v]));
}

/** A list that may be saved as JSON text. */
function namesOf(value: unknown): string[] {
  const list = typeof value === "string" && value.startsWith("[") ? JSON.parse(value) : value;
  return Array.isArray(list) ? list.map(String) : [];
}

const isWanted = (wanted: string[], ...names: string[]) =>
  wanted.length === 0 || names.some((name) => wanted.includes(name));

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== null && v !== undefined);
  return Object.fromEntries(entries.map(([name, v]) => [name, withoutNulls(v)]));
}
