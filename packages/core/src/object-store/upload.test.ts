import { expect, test } from "vitest";
import { chatFolder, flowFolder, safeName, uploadKey } from "./upload.ts";

const flowId = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

test.each([
  ["a.txt", "a.txt"],
  ["../../etc/passwd", "passwd"],
  ["..\\x", "x"],
  [".env", "env"],
  ["a\u0000b\n.txt", "ab.txt"],
  ["broken \ud800.txt", "broken \ufffd.txt"],
])("of the name %j is kept %j", (given, kept) => {
  expect(safeName(given)).toBe(kept);
});

test.each(["", "..", "a/..", "/"])("%j is no name", (name) => {
  expect(() => safeName(name)).toThrow("is not a usable file name");
});

test("names and folders are short enough for a disk, whatever they are written in", () => {
  const chatId = "\u{1f375}".repeat(250);
  for (const part of uploadKey(flowId, chatId, "\u{1f375}".repeat(250)).split("/")) {
    expect(Buffer.byteLength(part)).toBeLessThanOrEqual(200);
    expect(part.isWellFormed()).toBe(true);
  }
  expect(chatFolder(flowId, chatId)).not.toBe(chatFolder(flowId, `${chatId}!`));
});

test("a chat's folder is its flow's, whatever the chat is called", () => {
  for (const chatId of ["", "..", "../x", "a/../../b", "\ud800", "."])
    expect(chatFolder(flowId, chatId)).toMatch(new RegExp(`^uploads/${flowId}/[^/.]+$`));
});

test("what is not the id of a flow names no folder", () => {
  for (const id of ["", "..", "../document-store"]) expect(() => flowFolder(id)).toThrow("Invalid");
});
