import { afterAll, beforeAll, expect, test } from "vitest";
import { docxParts, fileUri, pdfOf, zipOf } from "../packages/engine/src/parse/parse-test-bench.ts";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call } from "./client.ts";
import { openSplit, type Split, store, storeCredential } from "./split.ts";

let split: Split;
let simulator: Simulator;
beforeAll(async () => {
  [split, simulator] = await Promise.all([openSplit(), openSimulator({ ttftMs: 5 })]);
});
afterAll(() => Promise.all([split?.close(), simulator?.close()]));

const made = async (name: string) =>
  (await call(split.url, "POST", "/document-store/store", { body: { name }, key: split.key })).json;

const preview = (storeId: string, loaderId: string, loaderConfig: object) =>
  call(split.url, "POST", "/document-store/loader/preview", {
    body: { storeId, loaderId, loaderConfig },
    key: split.key,
    timeoutMs: 30_000,
  });

test("an API reads a PDF, and refuses a bomb while it answers others", async () => {
  const { id } = await made("Files");
  const read = await preview(id, "pdfFile", { pdfFile: fileUri("tea.pdf", pdfOf("Tea", "Water")) });
  expect(read.json).toMatchObject({ totalChunks: 2, chunks: [{ pageContent: "Tea" }, {}] });
  const parts = { ...docxParts([]), "word/document.xml": Buffer.alloc(150 * 1024 * 1024, "a") };
  const bomb = preview(id, "docxFile", { docxFile: fileUri("bomb.docx", zipOf(parts)) });
  expect((await call(split.url, "GET", "/ping")).status).toBe(200);
  expect(await bomb).toMatchObject({
    status: 400,
    json: { message: "bomb.docx: unpacks to 150 MB or more; 100 are the most" },
  });
});

test("a worker reads a flow's files before it answers from them", async () => {
  const credential = await storeCredential(split);
  const edge = (source: string, target: string) => ({
    id: `${source}-${target}`,
    source,
    target,
    sourceHandle: `${source}-output`,
    targetHandle: `${target}-input`,
  });
  const node = (name: string, category: string, inputs: object, outputs = {}) => ({
    id: `${name}_0`,
    position: { x: 0, y: 0 },
    type: "customNode",
    data: { id: `${name}_0`, name, label: name, category, inputs, outputs, credential },
  });
  const of = (name: string) => `{{${name}_0.data.instance}}`;
  const basepath = `${simulator.url}/v1`;
  const graph = (bytes: Buffer) => ({
    nodes: [
      node("pdfFile", "Document Loaders", { pdfFile: fileUri("tea.pdf", bytes) }),
      node("openAIEmbeddings", "Embeddings", { basepath }),
      node("chatOpenAI", "Chat Models", { modelName: "gpt-4o-mini", basepath }),
      node(
        "memoryVectorStore",
        "Vector Stores",
        { document: [of("pdfFile")], embeddings: of("openAIEmbeddings") },
        { output: "retriever" },
      ),
      node("conversationalRetrievalQAChain", "Chains", {
        model: of("chatOpenAI"),
        vectorStoreRetriever: of("memoryVectorStore"),
        returnSourceDocuments: true,
      }),
    ],
    edges: [
      edge("pdfFile_0", "memoryVectorStore_0"),
      edge("openAIEmbeddings_0", "memoryVectorStore_0"),
      edge("memoryVectorStore_0", "conversationalRetrievalQAChain_0"),
      edge("chatOpenAI_0", "conversationalRetrievalQAChain_0"),
    ],
  });
  const flow = await store(split, graph(pdfOf("Tea leaves")), { type: "CHATFLOW" });
  const told = await ask(split.url, flow, { question: "Tea?" }, { timeoutMs: 30_000 });
  expect(told.json).toMatchObject({
    sourceDocuments: [{ pageContent: "Tea leaves", metadata: { loc: { pageNumber: 1 } } }],
  });
  const broken = await store(split, graph(Buffer.from("no PDF")), { type: "CHATFLOW" });
  const refused = await ask(split.url, broken, { question: "Tea?" }, { timeoutMs: 30_000 });
  expect(refused.status).toBe(500);
  expect(refused.json.message).toMatch(/tea\.pdf: is not a PDF that can be read: /);
});
