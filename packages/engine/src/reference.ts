import { isRichText, loadRichText, toMarkdown } from "./rich-text.ts";

/** A text with `{{ references }}`, parsed once; a plain text stays a string. */
export interface Template {
  kind: "template";
  segments: (string | Reference)[];
  usesQuestion: boolean;
}
export interface Reference {
  /** As written, braces included: what stays when nothing is found. */
  literal: string;
  /** Trimmed, without braces and backslashes. */
  name: string;
}
export type Compiled = string | number | boolean | null | undefined | Template | CompiledList;
export type CompiledList =
  | { kind: "list"; items: Compiled[] }
  | { kind: "map"; entries: [string, Compiled][] };

/** What references are looked up in while a node is prepared. */
export interface ReferenceScope {
  question: string | undefined;
  /** Text of files that were uploaded whole. */
  fileText: string;
  form: Record<string, unknown> | undefined;
  webhook: Record<string, unknown> | undefined;
  variables: Record<string, string>;
  flow: Record<string, unknown>;
  iteration: { value: unknown } | undefined;
  loopCount: number;
  runMessages: number;
  chatHistory(): string;
  now(): string;
  /** Output of the latest execution of a node. */
  output(nodeId: string): Record<string, unknown> | undefined;
}

/** Parses every text in a value. Rich text becomes markdown first. */
export async function compileValue(value: unknown): Promise<Compiled> {
  if (hasRichText(value)) await loadRichText();
  return compile(value);
}

function hasRichText(value: unknown): boolean {
  if (typeof value === "string") return isRichText(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasRichText);
}

function compile(value: unknown): Compiled {
  if (typeof value === "string") return compileText(value);
  if (Array.isArray(value)) return { kind: "list", items: value.map(compile) };
  if (typeof value === "object" && value !== null)
    return { kind: "map", entries: Object.entries(value).map(([k, v]) => [k, compile(v)]) };
  return value as Compiled;
}

function compileText(text: string): string | Template {
  const source = isRichText(text) ? toMarkdown(text) : text;
  const segments: (string | Reference)[] = [];
  let end = 0;
  for (const match of source.matchAll(/\{\{(.*?)\}\}/g)) {
    if (match.index > end) segments.push(source.slice(end, match.index));
    const name = (match[1] ?? "").replaceAll(/[{}\\]/g, "").trim();
    segments.push({ literal: match[0], name });
    end = match.index + match[0].length;
  }
  if (end === 0) return source;
  if (end < source.length) segments.push(source.slice(end));
  const usesQuestion = segments.some((s) => typeof s !== "string" && s.name === "question");
  return { kind: "template", segments, usesQuestion };
}

export function resolveValue(compiled: Compiled, scope: ReferenceScope): unknown {
  if (typeof compiled !== "object" || compiled === null) return compiled;
  if (compiled.kind === "template") return resolveTemplate(compiled, scope);
  if (compiled.kind === "list") return compiled.items.map((item) => resolveValue(item, scope));
  return Object.fromEntries(compiled.entries.map(([k, v]) => [k, resolveValue(v, scope)]));
}

function resolveTemplate({ segments, usesQuestion }: Template, scope: ReferenceScope): unknown {
  const [only] = segments;
  if (segments.length === 1 && typeof only === "object" && only.name.includes(".output.")) {
    const value = lookUp(only.name, scope);
    if (typeof value === "number" || typeof value === "boolean") return value;
  }
  const text = segments
    .map((s) => (typeof s === "string" ? s : (asText(lookUp(s.name, scope)) ?? s.literal)))
    .join("");
  return usesQuestion && scope.fileText ? `${scope.fileText}\n\n${text}` : text;
}

function asText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function lookUp(name: string, scope: ReferenceScope): unknown {
  if (name === "question") return scope.question ?? "";
  if (name === "file_attachment") return scope.fileText;
  if (name === "chat_history") return scope.chatHistory();
  if (name === "runtime_messages_length") return Math.max(0, scope.runMessages - 1);
  if (name === "loop_count") return scope.loopCount;
  if (name === "current_date_time") return scope.now();
  if (name.startsWith("$form.")) return getPath(scope.form, name.slice(6));
  if (name.startsWith("$webhook.")) return getPath(scope.webhook, name.slice(9));
  if (name.startsWith("$vars.")) return getPath(scope.variables, name.slice(6));
  if (name.startsWith("$flow.")) return getPath(scope.flow, name.slice(6));
  if (name === "$iteration" || name.startsWith("$iteration.")) return iterationValue(name, scope);
  return nodeValue(name, scope);
}

function iterationValue(name: string, { iteration }: ReferenceScope): unknown {
  if (!iteration) return undefined;
  const { value } = iteration;
  if (typeof value === "string" || name === "$iteration") return value;
  return getPath(value, name.slice("$iteration.".length));
}

function nodeValue(name: string, scope: ReferenceScope): unknown {
  const at = name.indexOf(".output.");
  const output = scope.output(at < 0 ? name : name.slice(0, at));
  if (!output) return undefined;
  if (at >= 0) return getPath(output, name.slice(at + ".output.".length));
  return output.content ?? (output.http as { data?: unknown } | undefined)?.data;
}

/** Walks `a.b[0].c`; undefined where the way ends. */
export function getPath(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split(/[.[\]]+/).filter(Boolean)) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key))
      return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** Every reference name in a compiled value. */
export function* referencesIn(compiled: Compiled): Generator<string> {
  if (typeof compiled !== "object" || compiled === null) return;
  if (compiled.kind === "template") {
    for (const segment of compiled.segments) if (typeof segment === "object") yield segment.name;
  } else if (compiled.kind === "list") for (const item of compiled.items) yield* referencesIn(item);
  else for (const [, value] of compiled.entries) yield* referencesIn(value);
}
