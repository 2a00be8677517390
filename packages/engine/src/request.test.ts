import { expect, test } from "vitest";
import { checkedHistory, formLines, nodeInput, parseFormLines, uploadedText } from "./request.ts";
import type { RunInput } from "./run-input.ts";
import { newRunState } from "./run-state.ts";

const ids = { flowId: "f", chatId: "c", sessionId: "s", messageId: "m" };
const input = (request: Partial<RunInput>, form?: Record<string, unknown>) =>
  nodeInput({ request: { ...ids, ...request }, run: { ...newRunState("start"), form } });

test.each([
  ["a question", { question: "Why?" }, "Why?"],
  ["a form", { form: { city: "Lisbon", tags: ["a"] } }, 'city: Lisbon\ntags: ["a"]'],
  ["a webhook", { webhook: { id: 7 } }, '{"id":7}'],
  ["nothing", {}, undefined],
  ["an empty form", { form: {} }, undefined],
  ["a question and an empty form", { question: "Why?", form: {} }, "Why?"],
])("%s is what was said", (_, request, expected) => {
  expect(input(request)).toBe(expected);
});

test("whole files stand before the question", () => {
  const uploads = [
    { type: "file:full", name: "a.txt", data: "one" },
    { type: "url", name: "b", data: "http://x" },
  ];
  expect(uploadedText({ ...ids, uploads })).toBe("<doc name='a.txt'>one</doc>\n\n");
  expect(input({ question: "Why?", uploads })).toBe("<doc name='a.txt'>one</doc>\n\n\n\nWhy?");
});

test("the form of the run stands in for that of the request", () => {
  expect(input({}, { city: "Porto" })).toBe("city: Porto");
});

test("a question and a form at once are refused", () => {
  expect(() => input({ question: "x", form: { a: 1 } })).toThrow(
    "Question and form cannot be provided at the same time",
  );
});

test("a form that was written as lines is read back, colons and line breaks included", () => {
  const form = { title: "a: b", text: "one\ntwo: three\n\nfour", last: "x" };
  expect(parseFormLines(formLines(form), Object.keys(form))).toEqual(form);
  expect(parseFormLines("stray\n", ["title"])).toEqual({});
});

test("history is taken in Flowise's shape", () => {
  const history = [
    { role: "userMessage", content: "hi" },
    { role: "apiMessage", content: "hello", more: 1 },
  ];
  expect(checkedHistory(history)).toEqual([
    { role: "user", content: "hi" },
    { role: "assistant", content: "hello" },
  ]);
  for (const none of [undefined, null, []]) expect(checkedHistory(none)).toEqual([]);
});

test.each([
  ["text", "history must be an array"],
  [{}, "history must be an array"],
  [[null], "history[0] must be"],
  [[{ role: "user", content: "x" }], "history[0] must be"],
  [[{ role: "userMessage", content: "x" }, { role: "apiMessage" }], "history[1] must be"],
])("history %j is refused in words", (history, message) => {
  expect(() => checkedHistory(history)).toThrow(message);
});
