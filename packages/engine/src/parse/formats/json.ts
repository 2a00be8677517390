import type { Document } from "../../retrieval/document.ts";
import type { Budget } from "../budget.ts";
import { blob, numbered, utf8 } from "./pieces.ts";

interface JsonOptions {
  pointers: string[];
  byObject: boolean;
  metadata: Record<string, string>;
}

/** Strings of a JSON file as texts, or its objects. */
export function readJson(bytes: Uint8Array, how: JsonOptions, budget: Budget): Document[] {
  const value = parsed(utf8(bytes), "");
  if (how.byObject && Array.isArray(value))
    return value.map((item, index) => ({
      pageContent: budget.take(typeof item === "string" ? item : JSON.stringify(item)),
      metadata: { ...blob, line: index + 1, ...told(item, how.metadata) },
    }));
  const paths = how.pointers.map(segments);
  const texts: string[] = [];
  const collect = (text: string) => void texts.push(budget.take(text));
  try {
    walk(value, { taken: paths.length === 0, open: [], paths, collect });
  } catch (cause) {
    throw cause instanceof RangeError ? new Error("is nested too deeply", { cause }) : cause;
  }
  return numbered(texts);
}

/** One value of each line of a JSONL file as a text. */
export function readJsonLines(
  bytes: Uint8Array,
  { pointer, metadata }: { pointer: string; metadata: Record<string, string> },
  budget: Budget,
): Document[] {
  const lines = utf8(bytes).split("\n");
  const path = segments(pointer);
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const item = parsed(line, `line ${index + 1} `);
    const value = valueAt(item, path);
    if (value === undefined) return [];
    const pageContent = budget.take(typeof value === "string" ? value : JSON.stringify(value));
    const known = { ...blob, line: index + 1, pointer: `/${path.join("/")}` };
    return [{ pageContent, metadata: { ...known, ...told(item, metadata) } }];
  });
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch (cause) {
    throw new Error(`${where}is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** `/a/b` and `a/b` alike, with JSON pointer's escapes. */
const segments = (pointer: string): string[] =>
  pointer
    .trim()
    .replace(/^\//, "")
    .split("/")
    .filter(Boolean)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));

function valueAt(value: unknown, path: string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** What an item itself says for metadata that points into it. */
const told = (item: unknown, pointers: Record<string, string>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(pointers).map(([name, pointer]) => [name, valueAt(item, segments(pointer))]),
  );

interface Walk {
  /** Everything below counts. */
  taken: boolean;
  /** What is left of pointers that began further up. */
  open: string[][];
  paths: string[][];
  collect(text: string): void;
}

/** Pointers are looked for at every level, as LangChain's loader does. */
function walk(value: unknown, { taken, open, paths, collect }: Walk): void {
  if (typeof value === "string" && taken) collect(value);
  if (typeof value !== "object" || value === null) return;
  const begun = [...open, ...paths];
  for (const [name, child] of Object.entries(value)) {
    const next = begun.filter(([first]) => first === name).map((path) => path.slice(1));
    const isHit = next.some((path) => path.length === 0);
    walk(child, {
      taken: taken || isHit,
      open: next.filter((path) => path.length > 0),
      paths,
      collect,
    });
  }
}
