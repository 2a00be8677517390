import { expect, test } from "vitest";
import { updateState } from "./state-update.ts";

const row = (key: string, value: unknown) => ({ key, value });

test.each([
  ["a plain value", [row("a", "x")], "said", { a: "x", old: 1 }],
  ["a value that is there already", [row("old", "new")], "said", { old: "new" }],
  ["exactly the output", [row("a", "{{ output }}")], "said", { a: "said", old: 1 }],
  ["the output without spaces", [row("a", "{{output}}")], "said", { a: "said", old: 1 }],
  ["the output that is no text", [row("a", "{{ output }}")], { b: 1 }, { a: { b: 1 }, old: 1 }],
  ["a field of it", [row("a", "{{ output.b.c }}")], '{"b":{"c":[1]}}', { a: [1], old: 1 }],
  ["a field, with text around", [row("a", "x {{ output.b }} y")], '{"b":7}', { a: 7, old: 1 }],
  [
    "a field that is not there",
    [row("a", "{{ output.z }}")],
    "{}",
    { a: "{{ output.z }}", old: 1 },
  ],
  ["a field of no JSON", [row("a", "{{ output.b }}")], "said", { a: "{{ output.b }}", old: 1 }],
  [
    "the output within text",
    [row("a", "<{{ output }}{{ output }}>")],
    "$&",
    { a: "<$&$&>", old: 1 },
  ],
  ["no key", [row("", "x"), {}, null], "said", { old: 1 }],
  ["nothing", undefined, "said", { old: 1 }],
  ["rows that are no list", "rows", "said", { old: 1 }],
])("%s", (_, rows, content, expected) => {
  expect(updateState({ old: 1 }, rows, content)).toEqual(expected);
});

test("a template that waits in the state is filled by the next node that updates", () => {
  expect(updateState({ later: "{{ output }}" }, [], "said")).toEqual({ later: "said" });
});

test("neither null nor undefined in the state is in the way, and the old state stays as it was", () => {
  const state = { none: null, missing: undefined };
  expect(updateState(state, [row("a", "{{ output }}")], "x")).toEqual({ ...state, a: "x" });
  expect(state).toEqual({ none: null, missing: undefined });
});
