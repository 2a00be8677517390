import { getPath } from "../reference.ts";

/** An input of a chatflow's node, its references parsed once. */
export type ChatInput =
  | { kind: "plain"; value: unknown }
  /** The whole input becomes what another node made. */
  | { kind: "connection"; nodeId: string; path: string; literal: string }
  | { kind: "template"; segments: (string | ChatReference)[]; inJson: boolean; isObject: boolean }
  | { kind: "list"; items: ChatInput[] };

interface ChatReference {
  /** As written, braces included: what stays when nothing is found. */
  literal: string;
  name: string;
}

/** What references are looked up in while a node is initialised. */
export interface ChatScope {
  question: string;
  fileText: string;
  chatHistory: string;
  variables: Record<string, string>;
  flow: Record<string, unknown>;
  /** What a node made; undefined while it has made nothing. */
  instance(nodeId: string): unknown;
}

// The innermost pair of braces; Flowise does not trim what stands between them here.
const pair = /\{\{((?:(?!\{\{|\}\})[\s\S])*)\}\}/g;
const instanceName = /^([^.]+)\.data\.instance(?:\.(.+))?$/;

/**
 * Parses an input. `accepts` is its `acceptVariable` flag: without it only connections, variables and flow values are
 * looked up. What goes into JSON text (`isJson`) is escaped for it.
 */
export function compileChatInput(
  value: unknown,
  { accepts = false, isJson = false }: { accepts?: boolean; isJson?: boolean } = {},
): ChatInput {
  if (Array.isArray(value))
    return { kind: "list", items: value.map((item) => compileChatInput(item)) };
  const isObject = typeof value === "object" && value !== null;
  const source = isObject ? JSON.stringify(value) : value;
  if (typeof source !== "string") return { kind: "plain", value };
  const segments: (string | ChatReference)[] = [];
  let end = 0;
  for (const match of source.matchAll(pair)) {
    const name = match[1] ?? "";
    const connection = instanceName.exec(name);
    if (connection && !accepts)
      return {
        kind: "connection",
        nodeId: connection[1]!,
        path: connection[2] ?? "",
        literal: source,
      };
    if (!accepts && !/^\$(?:vars|flow)\./.test(name)) continue;
    if (match.index > end) segments.push(source.slice(end, match.index));
    segments.push({ literal: match[0], name });
    end = match.index + match[0].length;
  }
  if (end === 0) return { kind: "plain", value };
  if (end < source.length) segments.push(source.slice(end));
  return { kind: "template", segments, inJson: isJson || isObject, isObject };
}

export function resolveChatInput(input: ChatInput, scope: ChatScope): unknown {
  switch (input.kind) {
    case "plain":
      return input.value;
    case "connection": {
      const value = at(scope.instance(input.nodeId), input.path);
      return value === undefined ? input.literal : value;
    }
    case "list":
      // A connection may itself bring a list: a toolkit, a loader's documents.
      return input.items.flatMap((item) => {
        const value = resolveChatInput(item, scope);
        return item.kind === "connection" && Array.isArray(value) ? value : [value];
      });
    case "template":
      return resolveTemplate(input, scope);
  }
}

function resolveTemplate(
  { segments, inJson, isObject }: Extract<ChatInput, { kind: "template" }>,
  scope: ChatScope,
): unknown {
  const text = segments
    .map((segment) => {
      if (typeof segment === "string") return segment;
      const value = asText(lookUp(segment.name, scope));
      if (value === undefined) return segment.literal;
      return inJson ? JSON.stringify(value).slice(1, -1) : value;
    })
    .join("");
  return isObject ? (JSON.parse(text) as unknown) : text;
}

function lookUp(name: string, scope: ChatScope): unknown {
  if (name === "question") return scope.question;
  if (name === "chat_history") return scope.chatHistory;
  if (name === "file_attachment") return scope.fileText;
  if (name.startsWith("$vars.")) return getPath(scope.variables, name.slice(6));
  if (name.startsWith("$flow.")) return getPath(scope.flow, name.slice(6));
  const instance = instanceName.exec(name);
  return instance ? at(scope.instance(instance[1]!), instance[2] ?? "") : undefined;
}

/** A path into what a node made; JSON text is read as the object it describes. */
function at(value: unknown, path: string): unknown {
  if (!path || value === undefined) return value;
  return getPath(typeof value === "string" ? parsed(value) : value, path);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Names of all references in an input. */
export function* chatReferences(input: ChatInput): Generator<string> {
  if (input.kind === "list") for (const item of input.items) yield* chatReferences(item);
  else if (input.kind === "template") {
    for (const segment of input.segments) if (typeof segment !== "string") yield segment.name;
  } else if (input.kind === "connection") yield `${input.nodeId}.data.instance`;
}
