import { expect, test } from "vitest";
import { callTool, json, serve, toolRun, toolsAt } from "./tool-test-bench.ts";

async function providerRun(body: unknown, credential: Record<string, string>, status = 200) {
  const { url, requests } = await serve((_, response) => json(response, body, status));
  const base = { googleSearch: url, braveSearch: url, serper: url, serpApi: url };
  const run = toolRun({ modelBaseUrls: base, credential: async () => credential });
  return { run, requests };
}
const config = { FLOWISE_CREDENTIAL_ID: "c" };

test("Google custom search returns title, link and snippet", async () => {
  const items = [{ title: "T", link: "http://t", snippet: "S", kind: "x" }];
  const credential = { googleCustomSearchApiKey: "k", googleCustomSearchApiId: "e" };
  const { run, requests } = await providerRun({ items }, credential);
  const { text } = await callTool(run, "googleCustomSearch", config, { input: "tea time" });
  expect(JSON.parse(text)).toEqual([{ title: "T", link: "http://t", snippet: "S" }]);
  expect(requests[0]!.path).toBe("/customsearch/v1?key=k&cx=e&q=tea+time");
});

test("Brave search returns title, link and snippet", async () => {
  const body = { web: { results: [{ title: "T", url: "http://t", description: "S" }] } };
  const { run, requests } = await providerRun(body, { braveApiKey: "k" });
  const { text } = await callTool(run, "braveSearchAPI", config, { input: "tea" });
  expect(JSON.parse(text)).toEqual([{ title: "T", link: "http://t", snippet: "S" }]);
  expect(requests[0]!.headers["x-subscription-token"]).toBe("k");
});

test("Serper answers with the answer box, else with what the pages say", async () => {
  const boxed = await providerRun({ answerBox: { answer: "42" } }, { serperApiKey: "k" });
  expect((await callTool(boxed.run, "serper", config, { input: "?" })).text).toBe("42");
  expect(JSON.parse(boxed.requests[0]!.body)).toEqual({ q: "?" });
  const organic = [{ snippet: "one" }, { snippet: "two" }];
  const plain = await providerRun({ organic }, { serperApiKey: "k" });
  expect((await callTool(plain.run, "serper", config, { input: "?" })).text).toBe("one\ntwo");
});

test("SerpApi answers with text and reports its errors", async () => {
  const found = await providerRun({ answer_box: [{ result: "7" }] }, { serpApiKey: "k" });
  expect((await callTool(found.run, "serpAPI", config, { input: "?" })).text).toBe("7");
  const nothing = { error: "Google hasn't returned any results for this query." };
  const empty = await providerRun(nothing, { serpApiKey: "k" });
  expect((await callTool(empty.run, "serpAPI", config, { input: "?" })).text).toBe(
    "No good search result found",
  );
  const bad = await providerRun({ error: "Invalid API key." }, { serpApiKey: "k" });
  await expect(callTool(bad.run, "serpAPI", config, { input: "?" })).rejects.toThrow("Invalid API");
});

test("a search without a credential says which field is missing", async () => {
  await expect(toolsAt(toolRun(), "serper")).rejects.toThrow(
    "Serper needs a credential with serperApiKey",
  );
});

test("a refused search names provider and status", async () => {
  const { run } = await providerRun({}, { braveApiKey: "k" }, 429);
  await expect(callTool(run, "braveSearchAPI", config, { input: "?" })).rejects.toThrow(
    "Got 429 error from Brave Search",
  );
});
