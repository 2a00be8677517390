import { AppError } from "@sluice/core/error";

/** What is nested deeper than any request is cannot be written as JSON again, and would fail wherever it gets to. */
const maxDepth = 500;

/** Parses JSON from outside; throws `invalid` with the parser's words. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text))
    throw new AppError("invalid", `The JSON is nested more than ${maxDepth} levels deep`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid", (cause as Error).message, { cause });
  }
}

const mark = /["[\]{}]/g;

function isTooDeep(text: string): boolean {
  if (text.length <= maxDepth) return false;
  let depth = 0;
  mark.lastIndex = 0;
  for (let found = mark.exec(text); found; found = mark.exec(text)) {
    const [character] = found;
    if (character === '"') mark.lastIndex = endOfText(text, found.index);
    else if (character === "[" || character === "{") depth++;
    else depth--;
    if (depth > maxDepth) return true;
  }
  return false;
}

/** Behind the quote that ends the text which begins here. */
function endOfText(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
  return text.length;
}
