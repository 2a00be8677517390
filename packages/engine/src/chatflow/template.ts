/** A prompt's text, parsed: `{name}` is a variable, `{{` and `}}` are braces. */
export type Template = (string | { variable: string; literal?: string })[];

/**
 * Parses a prompt. Braces around text with a colon are kept as they are, so that JSON survives; they are matched in
 * pairs, so that what is nested in them is found.
 */
export function parseTemplate(source: string): Template {
  const out: Template = [];
  parseInto(out, source);
  return merged(out);
}

function parseInto(out: Template, source: string): void {
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    if (char !== "{" && char !== "}") {
      const next = nextBrace(source, i);
      out.push(source.slice(i, next));
      i = next - 1;
    } else if (source[i + 1] === char) {
      out.push(char);
      i++;
    } else if (char === "}") out.push(char);
    else {
      const end = closing(source, i);
      if (end < 0) {
        out.push(char);
        continue;
      }
      const inner = source.slice(i + 1, end);
      if (/^[^{}:]+$/.test(inner))
        out.push({ variable: inner.trim(), literal: source.slice(i, end + 1) });
      else {
        out.push("{");
        parseInto(out, inner);
        out.push("}");
      }
      i = end;
    }
  }
}

function nextBrace(source: string, from: number): number {
  const found = source.slice(from).search(/[{}]/);
  return found < 0 ? source.length : from + found;
}

function closing(source: string, open: number): number {
  let depth = 0;
  for (let i = open; i < source.length; i++) {
    if (source[i] === "{") depth++;
    else if (source[i] === "}" && --depth === 0) return i;
  }
  return -1;
}

function merged(parts: Template): Template {
  const out: Template = [];
  for (const part of parts) {
    const last = out.length - 1;
    if (typeof part === "string" && typeof out[last] === "string") out[last] += part;
    else out.push(part);
  }
  return out;
}

export const variablesOf = (template: Template): string[] =>
  template.flatMap((part) => (typeof part === "string" ? [] : [part.variable]));

/** A variable without a value stays as it is written. */
export const fillTemplate = (template: Template, values: Record<string, unknown>): string =>
  template
    .map((part) => {
      if (typeof part === "string") return part;
      return part.variable in values ? asText(values[part.variable]) : part.literal;
    })
    .join("");

function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
