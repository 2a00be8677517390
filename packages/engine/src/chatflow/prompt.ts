import { z } from "zod";
import type { ChatMessage } from "../model.ts";
import { withoutFlowiseWords } from "./flowise-words.ts";
import { fillTemplate, parseTemplate, type Template, variablesOf } from "./template.ts";

export interface Prompt {
  kind: "prompt";
  messages: PromptMessage[];
  /** What the author fills in; undefined when nothing was said. */
  values: Record<string, unknown> | undefined;
}

export type PromptMessage =
  | { role: "system" | "user" | "assistant"; template: Template }
  | { fixed: ChatMessage };

/** `promptValues`: JSON text or an object. */
export const PromptValues = z.preprocess((value, context) => {
  if (value === "" || value === null || value === undefined) return undefined;
  try {
    return unescaped(typeof value === "string" ? JSON.parse(value) : value);
  } catch {
    context.addIssue({ code: "custom", message: "is not JSON" });
    return z.NEVER;
  }
}, z.record(z.string(), z.unknown()).optional());

/** A value tree in which Flowise's words are characters again. */
export function unescaped(value: unknown): unknown {
  if (typeof value === "string") return withoutFlowiseWords(value);
  if (Array.isArray(value)) return value.map(unescaped);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unescaped(one)]));
  return value;
}

export const promptVariables = ({ messages }: Pick<Prompt, "messages">): string[] => [
  ...new Set(messages.flatMap((one) => ("fixed" in one ? [] : variablesOf(one.template)))),
];

export const fillPrompt = (
  messages: PromptMessage[],
  values: Record<string, unknown>,
): ChatMessage[] =>
  messages.map((one) =>
    "fixed" in one ? one.fixed : { role: one.role, content: fillTemplate(one.template, values) },
  );

/**
 * The values of a prompt: the author's, and the question for the one variable without a value. More than one
 * is an error that names them.
 */
export function valuesFor(
  { messages, values = {} }: Pick<Prompt, "messages" | "values">,
  question: string,
  given: Record<string, unknown> = {},
): Record<string, unknown> {
  const all = { ...given, ...values };
  const missing = promptVariables({ messages }).filter((name) => !all[name]);
  if (missing.length > 1)
    throw new Error(`Please provide Prompt Values for: ${missing.join(", ")}`);
  return missing.length === 1 ? { ...all, [missing[0]!]: question } : all;
}

/** A system message and the question, for nodes that have no prompt connected. */
export const ownPrompt = (system: string, question: string): ChatMessage[] => [
  { role: "system", content: fillTemplate(parseTemplate(system), { input: question }) },
  { role: "user", content: question },
];
