import { expect, test } from "vitest";
import { markdownSeparators, textSeparators } from "./separators.ts";
import { joinPieces, splitOptions, splitRecursively } from "./split-text.ts";
import { splitTokens } from "./split-tokens.ts";
import { textSplitter } from "./splitter.ts";

const split = (text: string, chunkSize: number, chunkOverlap = 0, separators = textSeparators) =>
  splitRecursively(text, separators, { chunkSize, chunkOverlap });

test("a text is cut at paragraphs, and small ones are joined again", async () => {
  const facts =
    "Tea comes from the Camellia sinensis plant.\n\nCoffee comes from roasted beans.\n\nLisbon has yellow trams.";
  expect(await split(facts, 60)).toEqual([
    "Tea comes from the Camellia sinensis plant.",
    "Coffee comes from roasted beans.\n\nLisbon has yellow trams.",
  ]);
});

test("what has no paragraph is cut at lines, words and at last letters", async () => {
  expect(await split("one two three", 8)).toEqual(["one two", "three"]);
  expect(await split("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
});

test("a piece begins with the end of the one before", async () => {
  expect(await split("a b c d e f", 5, 2)).toEqual(["a b c", "c d", "d e", "e f"]);
});

test("markdown is cut before its headings", async () => {
  const text = "# Tea\n\nGreen.\n\n## Black\n\nAssam.";
  expect(await split(text, 20, 0, markdownSeparators)).toEqual([
    "# Tea\n\nGreen.",
    "## Black\n\nAssam.",
  ]);
});

test("one separator is taken out and put back between joined parts", async () => {
  const options = { chunkSize: 5, chunkOverlap: 0 };
  expect(await joinPieces(["a", "b", "c", "dddd"], "--", options)).toEqual(["a--b", "c", "dddd"]);
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

test("a long text is cut into very many pieces while others have their turn", async () => {
  const text = "Green tea is not fermented.\n".repeat(60_000);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const pieces = await textSplitter((whole) => split(whole, 10)).split([
    { pageContent: text, metadata: {} },
  ]);
  clearInterval(timer);
  expect(pieces.length).toBeGreaterThan(150_000);
  expect(pieces.at(-1)?.metadata.loc).toEqual({ lines: { from: 60_000, to: 60_000 } });
  expect(turns).toBeGreaterThan(1);
});

test("pieces that stand nowhere are not looked for without end", async () => {
  const rewritten = Array.from({ length: 20_000 }, (_, i) => `piece ${i}`);
  const pieces = await textSplitter(() => rewritten).split([
    { pageContent: "x".repeat(5_000_000), metadata: {} },
  ]);
  expect(pieces).toHaveLength(20_000);
});
