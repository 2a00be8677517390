import type { ParseLimits } from "./file-parser.ts";

/** Counts what comes out of a file, and throws when it becomes too much. */
export interface Budget {
  readonly limits: ParseLimits;
  take(text: string): string;
}

export function openBudget(limits: ParseLimits): Budget {
  let characters = 0;
  let texts = 0;
  return {
    limits,
    take(text) {
      if (++texts > limits.maxTexts) throw new Error(`holds more than ${limits.maxTexts} texts`);
      characters += text.length;
      if (characters > limits.maxCharacters)
        throw new Error(`holds more than ${limits.maxCharacters} characters of text`);
      return text;
    },
  };
}
