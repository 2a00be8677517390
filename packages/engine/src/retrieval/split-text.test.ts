import { expect, test } from "vitest";
import { markdownSeparators, textSeparators } from "./separators.ts";
import { joinPieces, splitOptions, splitRecursively } from "./split-text.ts";
import { splitTokens } from "./split-tokens.ts";
import { textSplitter } from "./splitter.ts";

const split = (text: string, chunkSize: number, chunkOverlap = 0, separators = textSeparators) =>
  splitRecursively(text, separators, { chunkSize, chunkOverlap });

test("a text is cut at paragraphs, and small ones are joined again", () => {
  const facts =
    "Tea comes from the Camellia sinensis plant.\n\nCoffee comes from roasted beans.\n\nLisbon has yellow trams.";
  expect(split(facts, 60)).toEqual([
    "Tea comes from the Camellia sinensis plant.",
    "Coffee comes from roasted beans.\n\nLisbon has yellow trams.",
  ]);
});

test("what has no paragraph is cut at lines, words and at last letters", () => {
  expect(split("one two three", 8)).toEqual(["one two", "three"]);
  expect(split("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
});

test("a piece begins with the end of the one before", () => {
  expect(split("a b c d e f", 5, 2)).toEqual(["a b c", "c d", "d e", "e f"]);
});

test("markdown is cut before its headings", () => {
  const text = "# Tea\n\nGreen.\n\n## Black\n\nAssam.";
  expect(split(text, 20, 0, markdownSeparators)).toEqual(["# Tea\n\nGreen.", "## Black\n\nAssam."]);
});

test("one separator is taken out and put back between joined parts", () => {
  const options = { chunkSize: 5, chunkOverlap: 0 };
  expect(joinPieces(["a", "b", "c", "dddd"], "--", options)).toEqual(["a--b", "c", "dddd"]);
});

test("an overlap of zero is zero, an unset one fits, one that fills a piece is refused", () => {
  expect(splitOptions({ chunkSize: 60, chunkOverlap: 0 }).chunkOverlap).toBe(0);
  expect(splitOptions({ chunkSize: 100 }).chunkOverlap).toBe(20);
  expect(splitOptions({}).chunkOverlap).toBe(200);
  expect(() => splitOptions({ chunkSize: 10, chunkOverlap: 10 })).toThrow("overlap");
});

test("pieces know their lines and keep what is known of their document", async () => {
  const splitter = textSplitter((text) => split(text, 6, 0));
  const pieces = await splitter.split([{ pageContent: "\none\n\ntwo\nthree", metadata: { a: 1 } }]);
  expect(pieces).toEqual([
    { pageContent: "one", metadata: { a: 1, loc: { lines: { from: 2, to: 2 } } } },
    { pageContent: "two", metadata: { a: 1, loc: { lines: { from: 4, to: 4 } } } },
    { pageContent: "three", metadata: { a: 1, loc: { lines: { from: 5, to: 5 } } } },
  ]);
});

test("a text is cut after tokens", async () => {
  const text = "one two three four five six";
  const pieces = await splitTokens(text, "gpt2", { chunkSize: 3, chunkOverlap: 1 });
  expect(pieces).toEqual(["one two three", " three four five", " five six"]);
});
