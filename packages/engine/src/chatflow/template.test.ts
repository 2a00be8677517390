import { expect, test } from "vitest";
import { fillTemplate, parseTemplate, variablesOf } from "./template.ts";

const fill = (source: string, values: Record<string, unknown> = { x: "X" }) =>
  fillTemplate(parseTemplate(source), values);

test.each([
  ["Hi {x}!", "Hi X!"],
  ["{{x}} and {x}", "{x} and X"],
  ["{{{x}}}", "{X}"],
  ['{"a": 1} {x}', '{"a": 1} X'],
  ['{{"a": 1}}', '{"a": 1}'],
  ['{"a": {"b": "{x}"}}', '{"a": {"b": "X"}}'],
  ['{"a":{"b":{"c":1}}}', '{"a":{"b":{"c":1}}}'],
  ["lonely { and }", "lonely { and }"],
  ["unknown {y}", "unknown {y}"],
])("%s is filled as %s", (source, filled) => {
  expect(fill(source)).toBe(filled);
});

test("a value with braces or dollars is put in as it is", () => {
  expect(fill("<{x}>", { x: "{y} $& {{z}}" })).toBe("<{y} $& {{z}}>");
});

test("variables are found inside JSON, too", () => {
  expect(variablesOf(parseTemplate('{a} {"k": "{b}"} {{c}}'))).toEqual(["a", "b"]);
});
