import { expect, test } from "vitest";
import { parseJson } from "./parse-json.ts";

const nested = (levels: number, inside = "") => "[".repeat(levels) + inside + "]".repeat(levels);

test("what is nested too deeply is refused, and what looks like it is not", () => {
  expect(() => parseJson(nested(501))).toThrow("more than 500 levels deep");
  expect(() => parseJson(`{"a":${nested(100_000)}}`)).toThrow("more than 500 levels deep");
  expect(parseJson(nested(500))).toBeInstanceOf(Array);
  const brackets = "[".repeat(2000);
  const texts = [brackets, `\\${brackets}`, `"${brackets}\\`, "\\\\"];
  expect(parseJson(JSON.stringify(texts))).toEqual(texts);
  expect(parseJson(`[${Array(2000).fill("[]")}]`)).toHaveLength(2000);
});

test("malformed JSON is told in the parser's words", () => {
  for (const text of ['{"a": ', "]".repeat(600), `["${"x".repeat(600)}`])
    expect(() => parseJson(text)).toThrow(/JSON/);
});
