import { expect, test } from "vitest";
import { json, type Reply, scriptedProvider } from "../../models/scripted-provider.ts";
import { embeddingsNames, loadEmbeddings } from "./registry.ts";

const { signal } = new AbortController();
const credential = {
  openAIApiKey: "key",
  mistralAIAPIKey: "key",
  googleGenerativeAPIKey: "key",
  ollamaApiKey: "key",
  localAIApiKey: "key",
  azureOpenAIApiKey: "key",
  azureOpenAIApiDeploymentName: "small",
  azureOpenAIApiVersion: "2024-06-01",
};

async function embeddings(name: string, inputs: Record<string, unknown>, ...replies: Reply[]) {
  const { url, fetch, requests } = await scriptedProvider(...replies);
  const baseUrls = { openai: url, azure: url, gemini: url, mistral: url, ollama: url };
  const given = { basePath: url, ...inputs };
  const component = await loadEmbeddings(name);
  return { ...component.create({ inputs: given, credential, fetch, baseUrls }), requests };
}

const openAi = (...vectors: number[][]) =>
  json({ data: vectors.map((embedding, index) => ({ index, embedding })) });
const google = (...vectors: number[][]) =>
  json({ embeddings: vectors.map((values) => ({ values })) });
const ollama = (...vectors: number[][]) => json({ embeddings: vectors });

const cases = [
  ["openAIEmbeddings", openAi, "/embeddings", "authorization", "Bearer key"],
  ["localAIEmbeddings", openAi, "/embeddings", "authorization", "Bearer key"],
  ["mistralAIEmbeddings", openAi, "/v1/embeddings", "authorization", "Bearer key"],
  ["azureOpenAIEmbeddings", openAi, "/small/embeddings?api-version=2024-06-01", "api-key", "key"],
  ["ollamaEmbedding", ollama, "/api/embed", "authorization", "Bearer key"],
  [
    "googleGenerativeAiEmbeddings",
    google,
    "/v1beta/models/m:batchEmbedContents",
    "x-goog-api-key",
    "key",
  ],
] as const;

test("every embedding has its case here", () => {
  expect(cases.map(([name]) => name as string).sort()).toEqual([...embeddingsNames].sort());
});

test.each(cases)("%s embeds texts in order on its wire", async (name, reply, path, header, key) => {
  const made = await embeddings(name, { modelName: "m" }, reply([1], [2]), reply([3]));
  expect(await made.embedDocuments(["tea", "trams"], signal)).toEqual([[1], [2]]);
  expect(await made.embedQuery("tea?", signal)).toEqual([3]);
  expect(made.requests.map((request) => request.path)).toEqual([path, path]);
  expect(made.requests[0]?.headers[header]).toBe(key);
  expect(JSON.stringify(made.requests[0]?.body)).toMatch(/tea.*trams/);
});

test("many texts go in batches, and come back in order whatever the order of the reply", async () => {
  const data = [
    { index: 1, embedding: [2] },
    { index: 0, embedding: [1] },
  ];
  const made = await embeddings(
    "openAIEmbeddings",
    { batchSize: "2" },
    json({ data }),
    openAi([3]),
  );
  expect(await made.embedDocuments(["a", "b", "c"], signal)).toEqual([[1], [2], [3]]);
  expect(made.requests.map(({ body }) => body.input.length)).toEqual([2, 1]);
});

test("a refusal is said in the provider's words", async () => {
  const refused = json({ error: { message: "no such key" } }, 401);
  const made = await embeddings("openAIEmbeddings", {}, refused);
  await expect(made.embedQuery("tea", signal)).rejects.toThrow("no such key");
});
