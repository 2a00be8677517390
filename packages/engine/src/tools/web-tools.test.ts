import { expect, test } from "vitest";
import type { FileParser } from "../parse/file-parser.ts";
import { callTool, serve, toolRun, toolsAt } from "./tool-test-bench.ts";

const feed = `<feed><title>arXiv</title><entry><title>On
  Tea</title><summary> Tea &amp; time. </summary><published>2024-01-02T03:04:05Z</published>
  <author><name>Ada L.</name></author><author><name>Bob</name></author></entry></feed>`;

test("arXiv returns dates, titles, authors and summaries, cut to the configured length", async () => {
  const { url, requests } = await serve((_, response) => response.end(feed));
  const run = toolRun({ modelBaseUrls: { arxiv: url } });
  const { text } = await callTool(run, "arxiv", {}, { query: "tea: time" });
  expect(text).toBe(
    "Published: 2024-01-02\nTitle: On Tea\nAuthors: Ada L., Bob\nSummary: Tea & time.",
  );
  expect(requests[0]!.path).toContain("search_query=all%3Atea+time");
  const short = await callTool(run, "arxiv", { docContentCharsMax: "9" }, { query: "2301.12345" });
  expect(short.text).toBe("Published");
  expect(requests[1]!.path).toContain("id_list=2301.12345");
});

test("arXiv returns whole papers where that is asked for, and says why one is not there", async () => {
  const { url } = await serve(({ path }, response) => {
    if (path.startsWith("/pdf/1")) return response.end("%PDF tea");
    if (path.startsWith("/pdf/")) return response.writeHead(404).end();
    const [entry = ""] = /<entry>.*<\/entry>/s.exec(feed) ?? [];
    const linked = (id: number) =>
      entry.replace("<entry>", `<entry><link title="pdf" href="${url}/pdf/${id}"/>`);
    return response.end(`<feed>${linked(1)}${linked(2)}</feed>`);
  });
  const parser: FileParser = {
    parse: async ({ bytes }) => ({
      documents: [{ pageContent: Buffer.from(bytes).toString(), metadata: {} }],
      links: [],
    }),
    close: async () => {},
  };
  const run = toolRun({ modelBaseUrls: { arxiv: url }, parser });
  const { text } = await callTool(run, "arxiv", { loadFullContent: true }, { query: "tea" });
  expect(text).toContain("Summary: Tea & time.\nContent: %PDF tea");
  expect(text).toMatch(/Content: \(not available: 127\.0\.0\.1:\d+ answered 404\)/);
});

const site = () =>
  serve(({ path }, response) => {
    const pages: Record<string, string> = {
      "/": `<html><head><title>Home</title><meta name="description" content="A site"></head>
        <body><p>One <b>two</b><p>three</p><script>var p</script><a href="/a">a</a><a href="/a#x">x</a></body></html>`,
      "/a": "<title>A</title><p>Here</p><a href='/b'>b</a>",
      "/sitemap.xml": "<urlset><url><loc> http://127.0.0.1:1/none </loc></url></urlset>",
    };
    const page = pages[path];
    response.writeHead(page ? 200 : 404, { "content-type": "text/html" }).end(page);
  });

test("the scraper reads a page and, one level down, what it links to", async () => {
  const { url } = await site();
  const config = { maxDepth: "2", maxPages: 5 };
  const { text } = await callTool(toolRun(), "webScraperTool", config, { input: `${url}/` });
  expect(JSON.parse(text)).toEqual([
    { url: `${url}/`, title: "Home", description: "A site", body_text: "One two three" },
    { url: `${url}/a`, title: "A", description: "No description found", body_text: "Here" },
  ]);
});

test("the scraper stops at its number of pages and reports a page that fails", async () => {
  const { url } = await site();
  const run = toolRun();
  const one = await callTool(run, "webScraperTool", { maxDepth: 9, maxPages: 1 }, { input: url });
  expect(JSON.parse(one.text)).toHaveLength(1);
  const none = await callTool(run, "webScraperTool", {}, { input: `${url}/none` });
  expect(JSON.parse(none.text)[0].error).toBe("HTTP Error: 404 Not Found");
});

test("the scraper takes the pages of a site's map", async () => {
  const { url } = await site();
  const { text } = await callTool(
    toolRun(),
    "webScraperTool",
    { scrapeMode: "sitemap" },
    { input: url },
  );
  expect(JSON.parse(text)[0]).toMatchObject({ url: "http://127.0.0.1:1/none" });
});

test("the scraper tells the model its limits", async () => {
  const [tool] = await toolsAt(toolRun(), "webScraperTool", { maxDepth: 1, maxPages: "2" });
  expect(tool!.description).toContain("up to 1 level(s) deep or until 2 pages are scraped");
});
