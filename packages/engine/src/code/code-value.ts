import JSON5 from "json5";
import { CodeError } from "../code.ts";
import type { Outcome } from "./protocol.ts";

/** Flowise's words for an error of the code itself; nodes put their own before them. */
const prefix = "NodeVM Execution Error: ";

export function codeError(text: string, options?: { cause?: unknown }): CodeError {
  return new CodeError(prefix + text, options);
}

/** The value of an outcome; throws the error it stands for. */
export function codeValue(outcome: Outcome): unknown {
  const text = outcome.slice(1);
  switch (outcome[0]) {
    case "j":
      return readText(JSON.parse(text));
    case "n":
      return Number(text);
    case "e":
      throw codeError(String(JSON.parse(text)));
    default:
      return undefined;
  }
}

/** A text that looks like a JSON object or array becomes the value it describes, as in Flowise. */
function readText(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const text = value.trim();
  const looksLikeJson =
    (text.startsWith("{") && text.endsWith("}")) || (text.startsWith("[") && text.endsWith("]"));
  if (!looksLikeJson) return value;
  for (const parse of [JSON.parse, JSON5.parse]) {
    try {
      return parse(text) as unknown;
    } catch {
      // the next parser, or the text as it is
    }
  }
  return value;
}
