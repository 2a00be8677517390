import { expect, test } from "vitest";
import { compare } from "./condition.ts";

test.each([
  ["contains", "abc", "b", true],
  ["contains", "abc", "", true],
  ["notContains", "abc", "b", false],
  ["startsWith", "abc", "ab", true],
  ["endsWith", "abc", "bc", true],
  ["equal", "abc", "abc", true],
  ["equal", "Abc", "abc", false],
  ["equal", "<p>abc</p>", "abc", true],
  ["equal", "**abc**", "abc", true],
  ["notEqual", "abc", "abd", true],
  ["regex", "order 17", "\\d+", true],
  ["regex", "order 17", "\\\\d+", true],
  ["regex", "order", "(", false],
  ["isEmpty", "", "", true],
  ["isEmpty", undefined, "", true],
  ["notEmpty", "x", "", true],
  ["notEmpty", null, "", false],
  ["equal", 7, "7", true],
  ["unheard of", "a", "a", false],
])("text: %s %j %j is %s", (operation, a, b, expected) => {
  expect(compare("string", operation, a, b)).toBe(expected);
});

test.each([
  ["smaller", 1, 2, true],
  ["smaller", 2, 2, false],
  ["smallerEqual", "2", 2, true],
  ["equal", "2.0", 2, true],
  ["notEqual", 1, 2, true],
  ["larger", "10", "9", true],
  ["largerEqual", 2, 2, true],
  ["equal", "many", 0, true],
  ["equal", "", 0, true],
  ["larger", "12 apples", 11, true],
  ["isEmpty", "", 0, true],
  ["isEmpty", 0, 0, false],
  ["notEmpty", undefined, 0, false],
  ["unheard of", 1, 1, false],
])("number: %s %j %j is %s", (operation, a, b, expected) => {
  expect(compare("number", operation, a, b)).toBe(expected);
});

test.each([
  ["equal", true, true, true],
  ["equal", true, false, false],
  ["notEqual", true, false, true],
  ["equal", "true", true, false],
])("boolean: %s %j %j is %s", (operation, a, b, expected) => {
  expect(compare("boolean", operation, a, b)).toBe(expected);
});
