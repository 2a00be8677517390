import { afterAll, expect, test } from "vitest";
import type { ParseLimits, ParseOptions } from "./file-parser.ts";
import { openFileParser } from "./open-file-parser.ts";
import { docxOf, docxParts, pdfOf, zipOf } from "./parse-test-bench.ts";

const parser = openFileParser();
afterAll(() => parser.close());
const { signal } = new AbortController();

const read = (name: string, bytes: Buffer | string, how: ParseOptions) =>
  parser.parse({ name, bytes: Buffer.from(bytes), how }, signal);
const texts = async (...given: Parameters<typeof read>) =>
  (await read(...given)).documents.map(({ pageContent }) => pageContent);

const csv = { format: "csv", column: "" } as const;
const json: ParseOptions & { format: "json" } = {
  format: "json",
  pointers: [],
  byObject: false,
  metadata: {},
};
const pdf = { format: "pdf", perFile: false } as const;

test("a PDF is read page by page, or in one", async () => {
  const file = pdfOf("Green tea\nis not fermented.", "Black tea is.");
  const { documents } = await read("tea.pdf", file, pdf);
  expect(documents).toMatchObject([
    {
      pageContent: "Green tea\nis not fermented.",
      metadata: { source: "blob", blobType: "", pdf: { totalPages: 2 }, loc: { pageNumber: 1 } },
    },
    { pageContent: "Black tea is.", metadata: { loc: { pageNumber: 2 } } },
  ]);
  expect(await texts("tea.pdf", file, { format: "pdf", perFile: true })).toEqual([
    "Green tea\nis not fermented.\n\nBlack tea is.",
  ]);
});

test("what a PDF says of itself goes along, unless it is longer than a page", async () => {
  const titled = (title: string) =>
    Buffer.from(
      pdfOf("Tea")
        .toString("latin1")
        .replace("/Root 1 0 R", `/Root 1 0 R /Info << /Title (${title}) >>`),
      "latin1",
    );
  const infoOf = async (title: string) =>
    (await read("tea.pdf", titled(title), pdf)).documents[0]?.metadata.pdf;
  expect(await infoOf("Tea")).toMatchObject({ info: { Title: "Tea" }, totalPages: 1 });
  expect(await infoOf("x".repeat(20_000))).toMatchObject({ info: null, totalPages: 1 });
});

test("a Word document is read", async () => {
  expect(await texts("tea.docx", docxOf("Leaves", "Water"), { format: "docx" })).toEqual([
    "Leaves\n\nWater\n\n",
  ]);
});

test("rows of CSV are read as lines, or one column of them", async () => {
  const file = '\uFEFFname,taste\n"Tea, green",mild\nCoffee,"bit\nter"\n';
  const { documents } = await read("a.csv", file, csv);
  expect(documents).toEqual([
    {
      pageContent: "name: Tea, green\ntaste: mild",
      metadata: { source: "blob", blobType: "", line: 1 },
    },
    {
      pageContent: "name: Coffee\ntaste: bit\nter",
      metadata: { source: "blob", blobType: "", line: 2 },
    },
  ]);
  expect(await texts("a.csv", file, { format: "csv", column: "taste" })).toEqual([
    "mild",
    "bit\nter",
  ]);
  await expect(texts("a.csv", file, { format: "csv", column: "price" })).rejects.toThrow(
    "a.csv: has no column price; its columns are name, taste",
  );
});

test("strings of JSON are read, all or those below pointers, at any level", async () => {
  const mails = {
    1: { from: "Ann", body: "Tea?", labels: ["work", "tea"] },
    2: { from: "Bob", body: "No.", labels: [] },
  };
  const file = JSON.stringify(mails);
  expect(await texts("m.json", file, json)).toEqual(["Ann", "Tea?", "work", "tea", "Bob", "No."]);
  const pointers = ["/from", "labels"];
  expect(await texts("m.json", file, { ...json, pointers })).toEqual(["Ann", "work", "tea", "Bob"]);
  const list = JSON.stringify([mails[1], mails[2]]);
  const how = { ...json, byObject: true, metadata: { who: "/from" } };
  expect((await read("m.json", list, how)).documents).toMatchObject([
    { pageContent: JSON.stringify(mails[1]), metadata: { line: 1, who: "Ann" } },
    { pageContent: JSON.stringify(mails[2]), metadata: { line: 2, who: "Bob" } },
  ]);
});

test("a value of each line of JSONL is read", async () => {
  const how = { format: "jsonl", pointer: "/q", metadata: { n: "/n" } } as const;
  expect((await read("q.jsonl", '{"q":"Tea?","n":1}\n\n{"n":2}\n', how)).documents).toEqual([
    {
      pageContent: "Tea?",
      metadata: { source: "blob", blobType: "", line: 1, pointer: "/q", n: 1 },
    },
  ]);
  await expect(read("q.jsonl", '{"q":1}\n{"q"', how)).rejects.toThrow(
    /^q\.jsonl: line 2 is not JSON: /,
  );
});

test("a page is read with its links", async () => {
  const page = `<body><h1>Tea</h1><p class=x>Leaves</p><a href="/b#c">b</a><a href="mailto:x">m</a></body>`;
  const how = { format: "html", url: "http://tea.test/a", selector: ".x" } as const;
  expect(await read("page", page, how)).toEqual({
    documents: [{ pageContent: "Leaves", metadata: { source: "http://tea.test/a" } }],
    links: ["http://tea.test/b"],
  });
  await expect(read("page", page, { ...how, selector: "p[" })).rejects.toThrow(
    "page: the selector p[ is not CSS",
  );
});

test.each<[string, Buffer | string, ParseOptions, RegExp]>([
  ["a.pdf", "nothing of the kind", pdf, /^a\.pdf: is not a PDF that can be read: /],
  ["cut.pdf", pdfOf("Tea").subarray(0, 60), pdf, /^cut\.pdf: /],
  ["a.docx", "nothing of the kind", { format: "docx" }, /^a\.docx: is not a DOCX that can be read/],
  ["b.docx", zipOf({ a: "b" }), { format: "docx" }, /^b\.docx: is not a DOCX that can be read: /],
  ["a.csv", 'a,b\n"x" y,1\n', csv, /^a\.csv: is not CSV that can be read: .*Quote.*line 2/],
  ["b.csv", 'a,b\n"x,1\n', csv, /^b\.csv: is not CSV that can be read: .*Quote/],
  ["c.csv", zipOf({ a: "b" }), csv, /^c\.csv: is /],
  ["d.csv", Buffer.from([0xff, 0xfe, 0x61]), csv, /^d\.csv: is not text in UTF-8/],
  ["a.json", '{"a":', json, /^a\.json: is not JSON: /],
  ["deep.json", "[".repeat(500_000), json, /^deep\.json: /],
])("what is wrong with %s is said with its name", async (name, bytes, how, message) => {
  await expect(read(name, bytes, how)).rejects.toThrow(message);
});

async function limited(
  limits: Partial<ParseLimits>,
  ...[name, bytes, how]: Parameters<typeof read>
) {
  const small = openFileParser({ limits });
  const request = { name, bytes: Buffer.from(bytes), how };
  return small.parse(request, signal).finally(() => small.close());
}

test("an archive that unpacks to more than the bound is not unpacked, whatever it says of itself", async () => {
  const parts = { ...docxParts([]), "word/document.xml": Buffer.alloc(30 * 1024 * 1024, "a") };
  const limits = { maxUnpackedBytes: 20 * 1024 * 1024 };
  const docx = { format: "docx" } as const;
  await expect(limited(limits, "bomb.docx", zipOf(parts), docx)).rejects.toThrow(
    "bomb.docx: unpacks to 30 MB or more; 20 are the most",
  );
  await expect(limited(limits, "liar.docx", zipOf(parts, 100), docx)).rejects.toThrow(
    /^liar\.docx: /,
  );
});

test("what takes too much memory or time ends, and the next file is read", async () => {
  const many = `[${'"aaaaaaaaaa",'.repeat(3_000_000)}"a"]`;
  const limits = { maxMemoryMb: 150, timeoutMs: 30_000 };
  await expect(limited(limits, "big.json", many, json)).rejects.toThrow(
    "big.json: takes more than the 150 MB of memory",
  );
  await expect(limited({ timeoutMs: 1 }, "slow.json", "[]", json)).rejects.toThrow(
    "slow.json: cannot be read within 0.001 s",
  );
  expect(await texts("a.json", '["still here"]', json)).toEqual(["still here"]);
});

test("bytes, pages and text that are too many are refused", async () => {
  await expect(limited({ maxBytes: 3 }, "a.json", '["a"]', json)).rejects.toThrow(
    "a.json: is larger than the 3 bytes",
  );
  await expect(limited({ maxPages: 1 }, "a.pdf", pdfOf("a", "b"), pdf)).rejects.toThrow(
    "a.pdf: has 2 pages; 1 are the most",
  );
  await expect(limited({ maxTexts: 2 }, "a.csv", "a\nb\nc\nd\n", csv)).rejects.toThrow(
    "a.csv: holds more than 2 texts",
  );
  await expect(limited({ maxCharacters: 3 }, "a.csv", "a\nbcd\n", csv)).rejects.toThrow(
    "a.csv: holds more than 3 characters",
  );
});

test("a caller who goes away frees the place", async () => {
  const one = openFileParser({ processes: 1 });
  const caller = new AbortController();
  const request = { name: "a.json", bytes: Buffer.from("[]"), how: json };
  const first = one.parse(request, caller.signal);
  const second = one.parse(request, caller.signal);
  caller.abort(new Error("gone"));
  const ends = await Promise.allSettled([first, second]);
  expect(ends.map((end) => end.status === "rejected" && end.reason.message)).toEqual([
    "a.json: gone",
    "a.json: gone",
  ]);
  expect((await one.parse(request, signal)).documents).toEqual([]);
  await one.close();
});
