import { afterAll, expect, test } from "vitest";
import { openGuardedFetch } from "../http/open-guarded-fetch.ts";
import { loadChatNode } from "../nodes/chatflow-registry.ts";
import { openFileParser } from "../parse/open-file-parser.ts";
import { fileUri, pdfOf } from "../parse/parse-test-bench.ts";
import type { Services } from "../services.ts";
import { json, serve } from "../tools/tool-test-bench.ts";
import type { ChatNodeRun } from "./chat-node.ts";

const parser = openFileParser();
const fetch = openGuardedFetch({ securityCheck: true, denyList: [], allowList: ["127.0.0.1"] });
afterAll(async () => {
  await parser.close();
  fetch.close();
});

interface Loaded {
  pageContent: string;
  metadata: Record<string, unknown>;
}

async function load(
  name: string,
  inputs: Record<string, unknown>,
  given: Omit<Partial<ChatNodeRun>, "services"> & { services?: Partial<Services> } = {},
): Promise<Loaded[]> {
  const { services, ...run } = given;
  const context = {
    nodeId: `${name}_0`,
    name,
    label: name,
    rawInputs: inputs,
    ...run,
    services: {
      parser,
      fetch,
      signal: new AbortController().signal,
      credential: async () => ({}),
      ...services,
    },
  } as unknown as ChatNodeRun;
  return (await (await loadChatNode(name)).init?.(inputs, context)) as Loaded[];
}

const textsOf = (documents: Loaded[]) => documents.map(({ pageContent }) => pageContent);

test("a PDF is cut into pages with the metadata that was asked for", async () => {
  const files = [fileUri("a.pdf", pdfOf("one", "two")), fileUri("b.pdf", pdfOf("three"))];
  const metadata = '{"book":"tea"}';
  const inputs = { pdfFile: JSON.stringify(files), metadata, omitMetadataKeys: "pdf, source" };
  expect(await load("pdfFile", { ...inputs, usage: "perPage" })).toEqual([
    { pageContent: "one", metadata: { blobType: "", loc: { pageNumber: 1 }, book: "tea" } },
    { pageContent: "two", metadata: { blobType: "", loc: { pageNumber: 2 }, book: "tea" } },
    { pageContent: "three", metadata: { blobType: "", loc: { pageNumber: 1 }, book: "tea" } },
  ]);
  expect(await load("pdfFile", { pdfFile: files, usage: "perFile" }, { output: "text" })).toBe(
    "one\n\ntwo\nthree\n",
  );
});

test("metadata points into JSON where a document is an object", async () => {
  const inputs = { metadata: { who: "/by", kind: "note" }, omitMetadataKeys: "source,blobType" };
  const list = fileUri("a.json", '[{"by":"Ann","text":"Tea"}]');
  expect(await load("jsonFile", { ...inputs, jsonFile: list, separateByObject: true })).toEqual([
    {
      pageContent: '{"by":"Ann","text":"Tea"}',
      metadata: { line: 1, who: "Ann", kind: "note" },
    },
  ]);
  const lines = fileUri("a.jsonl", '{"by":"Bob","text":"Coffee"}');
  const read = { ...inputs, jsonlinesFile: lines, pointerName: "text" };
  expect(await load("jsonlinesFile", read)).toMatchObject([
    { pageContent: "Coffee", metadata: { who: "Bob", kind: "note" } },
  ]);
  const strings = { jsonFile: fileUri("b.json", '{"a":"x","b":"y"}'), pointersName: "b" };
  expect(textsOf(await load("jsonFile", strings))).toEqual(["y"]);
});

test("a loader of any file reads each as its name says", async () => {
  const own = [fileUri("a.pdf", pdfOf("one")), fileUri("b.md", "# two")];
  const inputs = { file: JSON.stringify(own), jsonlPointerExtraction: "/text" };
  expect(textsOf(await load("fileLoader", inputs))).toEqual(["one", "# two"]);
  const given = {
    pdfFile: [fileUri("c.pdf", pdfOf("three"))],
    csvFile: [fileUri("d.csv", "kind\ntea")],
    jsonlinesFile: [fileUri("e.jsonl", '{"text":"four"}')],
  };
  const documents = await load("fileLoader", { ...inputs, ...given });
  expect(textsOf(documents)).toEqual(["three", "kind: tea", "four"]);
  const unknown = fileUri("f.xlsx", Buffer.from([80, 75, 3, 4, 0, 0]));
  await expect(load("fileLoader", { file: unknown })).rejects.toThrow("f.xlsx: files of this kind");
});

test.each(["textFile", "pdfFile", "fileLoader"])(
  "a %s without files brings nothing",
  async (name) => {
    expect(await load(name, {})).toEqual([]);
  },
);

test("a document store's documents are loaded", async () => {
  const services = {
    storedDocuments: async (id: string) => [{ pageContent: `of ${id}`, metadata: { n: 1 } }],
  };
  expect(await load("documentStore", { selectedStore: "s1:Facts" }, { services })).toEqual([
    { pageContent: "of s1", metadata: { n: 1 } },
  ]);
  await expect(load("documentStore", {}, { services })).rejects.toThrow("select a document store");
});

async function site(pages: Record<string, string>) {
  return serve(({ path }, response) => {
    const page = pages[path];
    if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": "text/html" }).end(page);
  });
}

test("a site is read along its links, no further than its host and the limit", async () => {
  const { url, requests } = await site({
    "/": `<body><p>start</p><a href="/a">a</a><a href="/gone">x</a><a href="http://other.test/">o</a>`,
    "/a": `<body><p>a</p><a href="/#top">home</a><a href="/b">b</a>`,
    "/b": `<body><p>b</p><a href="/c">c</a>`,
    "/c": `<body><p>c</p>`,
  });
  const inputs = { url: `${url}/`, selector: "p", relativeLinksMethod: "webCrawl" };
  const all = await load("cheerioWebScraper", { ...inputs, limit: "0" });
  expect(all).toEqual(
    ["", "a", "b", "c"].map((path) => ({
      pageContent: path || "start",
      metadata: { source: `${url}/${path}` },
    })),
  );
  expect(textsOf(await load("cheerioWebScraper", { ...inputs, limit: 2 }))).toEqual(["start", "a"]);
  const alone = { url: `${url}/`, selector: "p" };
  expect(textsOf(await load("cheerioWebScraper", alone))).toEqual(["start"]);
  const chosen = { ...inputs, selectedLinks: [`${url}/b`, `${url}/c`] };
  expect(textsOf(await load("cheerioWebScraper", chosen))).toEqual(["b", "c"]);
  expect(requests.every(({ path }) => !path.includes("#"))).toBe(true);
});

test("a site's map is read", async () => {
  const pages: Record<string, string> = { "/a": "<body>a", "/b": "<body>b" };
  const { url } = await site(pages);
  pages["/sitemap.xml"] =
    `<urlset><url><loc>${url}/a</loc></url><url><loc>${url}/b</loc></url></urlset>`;
  const inputs = { url, relativeLinksMethod: "scrapeXMLSitemap" };
  expect(textsOf(await load("cheerioWebScraper", inputs))).toEqual(["a", "b"]);
});

test("a page that cannot be read is named", async () => {
  const { url } = await site({});
  const read = (address: string) => load("cheerioWebScraper", { url: address });
  await expect(read(`${url}/gone`)).rejects.toThrow(`${url}/gone: answered 404`);
  await expect(read("http://localhost:1/")).rejects.toThrow(/localhost:1\/: .*denied/);
  await expect(read("tea")).rejects.toThrow("tea is no address of a web page");
});

async function repository(failures = 0) {
  let failing = failures;
  const contents: Record<string, Buffer> = {
    "README.md": Buffer.from("# Tea"),
    "docs/green.md": Buffer.from("Green"),
    "docs/deep/black.md": Buffer.from("Black"),
    "docs/data.txt": Buffer.from([0x61, 0, 0x62]),
    "logo.png": Buffer.from("png"),
  };
  const tree = Object.entries(contents).map(([path, { length: size }]) => ({
    path,
    type: "blob",
    sha: `sha-${path.replaceAll("/", "-")}`,
    size,
  }));
  const server = await serve(({ path }, response) => {
    if (failing-- > 0) return response.writeHead(502).end();
    if (path.startsWith("/api/repos/ann/tea/git/trees/main"))
      return json(response, {
        truncated: false,
        tree: [{ path: "docs", type: "tree", sha: "d" }, ...tree],
      });
    const found = tree.find(({ sha }) => path === `/api/repos/ann/tea/git/blobs/${sha}`);
    if (found) return response.writeHead(200).end(contents[found.path]);
    return json(response, { message: "Not Found" }, 404);
  });
  const inputs = {
    repoLink: `${server.url}/ann/tea`,
    githubBaseUrl: server.url,
    githubInstanceApi: `${server.url}/api`,
    branch: "main",
  };
  return { ...server, inputs };
}

const pathsOf = (documents: Loaded[]) => documents.map(({ metadata }) => metadata.source);

test("text files of a repository are read with the author's credential", async () => {
  const { url, requests, inputs } = await repository();
  const credential = async () => ({ accessToken: "a token" });
  const documents = await load(
    "github",
    { ...inputs, recursive: true },
    { credentialId: "c1", services: { credential } },
  );
  expect(documents.map(({ pageContent }) => pageContent)).toEqual(["# Tea", "Green", "Black"]);
  expect(documents[1]?.metadata).toEqual({
    source: "docs/green.md",
    repository: `${url}/ann/tea`,
    branch: "main",
  });
  expect(new Set(requests.map(({ headers }) => headers.authorization))).toEqual(
    new Set(["Bearer a token"]),
  );
});

test("a repository is read at its top, in a folder, or without what is ignored", async () => {
  const { inputs } = await repository();
  expect(pathsOf(await load("github", inputs))).toEqual(["README.md"]);
  const repoLink = `${inputs.repoLink}/tree/main/docs`;
  expect(pathsOf(await load("github", { ...inputs, repoLink }))).toEqual(["docs/green.md"]);
  const ignorePath = '["*.md", "!docs/**/*.md"]';
  expect(pathsOf(await load("github", { ...inputs, ignorePath, recursive: "true" }))).toEqual([
    "docs/green.md",
    "docs/deep/black.md",
  ]);
});

test("a repository is asked again after a failure, and named when it cannot be read", async () => {
  const { inputs } = await repository(1);
  expect(pathsOf(await load("github", inputs))).toEqual(["README.md"]);
  await expect(load("github", { ...inputs, branch: "gone" })).rejects.toThrow(
    "/ann/tea: there is no such repository or branch gone",
  );
  await expect(load("github", { ...inputs, repoLink: "tea" })).rejects.toThrow(
    "tea is no repository",
  );
  await expect(load("github", { ...inputs, ignorePath: "[" })).rejects.toThrow(
    "ignorePath: is not a JSON list",
  );
});
