import { expect, test } from "vitest";
import { readPrediction } from "./prediction-input.ts";

test.each([
  [true, true],
  ["true", true],
  [false, false],
  ["false", false],
  ["yes", false],
  [1, false],
  [undefined, false],
])("streaming %j means %s", (streaming, expected) => {
  expect(readPrediction({ question: "x", streaming }).stream).toBe(expected);
});

test("a conversation is named by chatId and by overrideConfig.sessionId, not by sessionId", () => {
  const read = readPrediction({
    chatId: "c",
    sessionId: "ignored",
    overrideConfig: { sessionId: "s", temperature: 1 },
  });
  expect(read).toMatchObject({ chatId: "c", sessionId: "s" });
  expect(read.request.overrideConfig).toEqual({ sessionId: "s", temperature: 1 });
  const none = readPrediction({ chatId: "", overrideConfig: { sessionId: 7 } });
  expect(none).toMatchObject({ chatId: undefined, sessionId: undefined });
});

test("absent, null and empty fields leave no trace", () => {
  const empty = { question: "", form: null, history: undefined, uploads: [], leadEmail: "" };
  for (const body of [undefined, null, {}, empty])
    expect(readPrediction(body)).toEqual({
      request: {},
      stream: false,
      chatId: undefined,
      sessionId: undefined,
    });
});

test.each([
  [{ question: 7 }, /^question: /],
  [{ form: "x" }, /^form: /],
  [{ chatId: 7 }, /^chatId: /],
  [{ chatId: "x".repeat(501) }, /^chatId: at most 500 characters/],
  [{ chatId: "a\0" }, /^chatId: a NUL character/],
  [{ overrideConfig: { sessionId: "a\0" } }, /^overrideConfig.sessionId: a NUL character/],
  [{ overrideConfig: [] }, /^overrideConfig: /],
  [{ uploads: {} }, /^uploads: /],
  [{ uploads: [{}] }, /^uploads.0.type: /],
  [{ humanInput: { type: 7 } }, /^humanInput.type: /],
  ["text", /^body: /],
  [[], /^body: /],
])("%j is refused by the name of the field", (body, message) => {
  expect(() => readPrediction(body)).toThrow(message);
});
