import { plainText } from "./plain-text.ts";

/** Compares as Flowise's condition rows do. Texts lose their markdown first; numbers that do not parse are 0. */
export function compare(
  type: string,
  operation: string,
  value1: unknown,
  value2: unknown,
): boolean {
  if (type === "number") return compareNumbers(operation, value1, value2);
  if (type === "boolean") return operation === "notEqual" ? value1 !== value2 : value1 === value2;
  return compareTexts(operation, plainText(asText(value1)), plainText(asText(value2)));
}

const asText = (value: unknown) => (value === undefined || value === null ? "" : String(value));

function compareTexts(operation: string, a: string, b: string): boolean {
  switch (operation) {
    case "contains":
      return a.includes(b);
    case "notContains":
      return !a.includes(b);
    case "startsWith":
      return a.startsWith(b);
    case "endsWith":
      return a.endsWith(b);
    case "equal":
      return a === b;
    case "notEqual":
      return a !== b;
    case "regex":
      return matches(a, b);
    case "isEmpty":
      return a === "";
    case "notEmpty":
      return a !== "";
    default:
      return false;
  }
}

function matches(text: string, pattern: string): boolean {
  try {
    return new RegExp(pattern.replaceAll("\\\\", "\\")).test(text);
  } catch {
    return false;
  }
}

function compareNumbers(operation: string, value1: unknown, value2: unknown): boolean {
  const a = Number.parseFloat(asText(value1)) || 0;
  const b = Number.parseFloat(asText(value2)) || 0;
  switch (operation) {
    case "smaller":
      return a < b;
    case "smallerEqual":
      return a <= b;
    case "equal":
      return a === b;
    case "notEqual":
      return a !== b;
    case "larger":
      return a > b;
    case "largerEqual":
      return a >= b;
    case "isEmpty":
      return asText(value1) === "";
    case "notEmpty":
      return asText(value1) !== "";
    default:
      return false;
  }
}
