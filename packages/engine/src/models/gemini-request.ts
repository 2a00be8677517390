import type { GuardedFetch } from "../http/guarded-fetch.ts";
import type { ChatMessage, ContentPart, JsonSchema, ModelRequest } from "../model.ts";
import { inlineImage, textOf } from "./image.ts";

type Part = Record<string, unknown>;

/** Messages in Gemini's form: system text apart, results of tools together in one user turn. */
export async function geminiContents({ messages, signal }: ModelRequest, fetch: GuardedFetch) {
  const system = messages
    .filter(({ role }) => role === "system" || role === "developer")
    .map(({ content }) => ({ text: textOf(content) }));
  const contents: { role: "user" | "model"; parts: Part[] }[] = [];
  let results: Part[] | undefined;
  for (const message of messages) {
    const { role, content } = message;
    if (role === "system" || role === "developer") continue;
    if (role === "tool") {
      if (!results) {
        results = [];
        contents.push({ role: "user", parts: results });
      }
      results.push(functionResponse(message, messages));
      continue;
    }
    results = undefined;
    const parts = await contentParts(content, fetch, signal);
    contents.push(
      role === "assistant"
        ? { role: "model", parts: [...parts, ...functionCalls(message)] }
        : { role: "user", parts: parts.length > 0 ? parts : [{ text: "" }] },
    );
  }
  return { ...(system.length > 0 && { systemInstruction: { parts: system } }), contents };
}

async function contentParts(
  content: string | ContentPart[],
  fetch: GuardedFetch,
  signal: AbortSignal,
) {
  if (typeof content === "string") return content ? [{ text: content }] : [];
  return Promise.all(
    content.map(async (part): Promise<Part> => {
      if (part.type === "text") return { text: part.text };
      const { mime, base64 } = await inlineImage(part, fetch, signal);
      return { inlineData: { mimeType: mime, data: base64 } };
    }),
  );
}

function functionCalls({ toolCalls = [], metadata }: ChatMessage): Part[] {
  const signatures = (metadata?.thought_signatures ?? {}) as Record<string, string>;
  return toolCalls.map(({ id, name, args }) => ({
    functionCall: { name, args },
    // Models that think refuse the next call without it.
    ...(signatures[id] && { thoughtSignature: signatures[id] }),
  }));
}

function functionResponse(
  { name, toolCallId, content }: ChatMessage,
  messages: ChatMessage[],
): Part {
  const called = messages
    .flatMap(({ toolCalls }) => toolCalls ?? [])
    .find(({ id }) => id === toolCallId);
  return {
    functionResponse: { name: name ?? called?.name ?? "", response: { result: textOf(content) } },
  };
}

export function geminiTools({ tools = [], providerTools = [], schema, toolChoice }: ModelRequest) {
  const wanted = schema
    ? [...tools, { ...schema, description: schema.description ?? "A function available to call." }]
    : tools;
  const functionDeclarations = wanted.map(({ name, description, schema: parameters }) => ({
    name,
    description,
    parameters: geminiSchema(parameters),
  }));
  const all = [
    ...(functionDeclarations.length > 0 ? [{ functionDeclarations }] : []),
    ...providerTools,
  ];
  if (all.length === 0) return {};
  const choice = schema ? { name: schema.name } : toolChoice;
  if (!choice || functionDeclarations.length === 0) return { tools: all };
  const functionCallingConfig =
    typeof choice === "object"
      ? { mode: "ANY", allowedFunctionNames: [choice.name] }
      : { mode: choice.toUpperCase() };
  return { tools: all, toolConfig: { functionCallingConfig } };
}

/** Gemini refuses a whole request for a schema word it does not know. */
function geminiSchema(schema: JsonSchema): JsonSchema {
  const unknownWords = new Set([
    "$schema",
    "$id",
    "additionalProperties",
    "strict",
    "const",
    "examples",
  ]);
  const walk = (value: unknown, isPropertyMap = false): unknown => {
    if (Array.isArray(value)) return value.map((item) => walk(item));
    if (!value || typeof value !== "object") return value;
    const entries = Object.entries(value).filter(
      ([word]) => isPropertyMap || !unknownWords.has(word),
    );
    return Object.fromEntries(
      entries.map(([word, inner]) => [word, walk(inner, !isPropertyMap && word === "properties")]),
    );
  };
  return walk(schema) as JsonSchema;
}
