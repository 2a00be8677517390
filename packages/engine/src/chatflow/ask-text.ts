import type { ChatModel } from "../model.ts";
import { fillTemplate, parseTemplate } from "./template.ts";

/** Asks a model with a template, aside from what the user is told. */
export async function askText(
  model: ChatModel,
  template: string,
  values: Record<string, unknown>,
  signal: AbortSignal,
): Promise<string> {
  const content = fillTemplate(parseTemplate(template), values);
  const { text } = await model.generate({ messages: [{ role: "user", content }], signal });
  return text.trim();
}

/** The questions in a model's answer, one a line; between `<questions>` tags where it has them. */
export const linesOf = (text: string, max: number): string[] =>
  (/<questions>(.*?)(<\/questions>|$)/s.exec(text)?.[1] ?? text)
    .split("\n")
    .map((line) => line.replace(/^\s*(?:\d+[.)]|[-*])\s+/, "").trim())
    .filter((line) => line !== "")
    .slice(0, max);
