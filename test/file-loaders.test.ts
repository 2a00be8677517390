import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { drawChatflow, instance } from "../packages/engine/src/chatflow/chatflow-test-bench.ts";
import { docxParts, fileUri, pdfOf, zipOf } from "../packages/engine/src/parse/parse-test-bench.ts";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { ask, call } from "./client.ts";
import { openIndex } from "./indexed-flow.ts";
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

test("files of any kind that a user uploads are indexed for this conversation", async () => {
  const index = await openIndex();
  onTestFinished(() => index.close());
  const graph = drawChatflow({
    fileLoader_0: { category: "Document Loaders", label: "Files", output: "document", inputs: {} },
    openAIEmbeddings_0: { inputs: { basepath: index.url } },
    qdrant_0: {
      category: "Vector Stores",
      inputs: {
        document: [instance("fileLoader_0")],
        embeddings: instance("openAIEmbeddings_0"),
        qdrantServerUrl: index.url,
        qdrantCollection: "books",
        fileUpload: true,
      },
    },
  });
  const permitted = { status: true, nodes: { Files: [{ name: "files", enabled: true }] } };
  const apiConfig = JSON.stringify({ overrideConfig: permitted });
  const flow = await store(split, graph, { type: "CHATFLOW", apiConfig });
  const upsert = (...files: File[]) => {
    const body = new FormData();
    for (const file of files) body.append("files", file);
    body.append("chatId", "c1");
    const headers = { authorization: `Bearer ${split.key}` };
    return fetch(`${split.url}/api/v1/vector/upsert/${flow}`, { method: "POST", body, headers });
  };
  const pdf = new File([new Uint8Array(pdfOf("Tea"))], "tea.pdf", { type: "application/pdf" });
  const csv = new File(["kind\nCoffee"], "drinks.csv", { type: "text/csv" });
  const notes = new File(["Water"], "notes.md", { type: "text/markdown" });
  expect(await (await upsert(pdf, csv, notes)).json()).toMatchObject({ numAdded: 3 });
  const kept = [...index.points.values()];
  expect(kept.map(({ text }) => text).toSorted()).toEqual(["Tea", "Water", "kind: Coffee"]);
  expect(kept.every(({ metadata }) => metadata.flowise_chatId === "c1")).toBe(true);
  const broken = await upsert(notes, new File(["%PDF-1.4"], "b.pdf", { type: "application/pdf" }));
  expect(await broken.json()).toMatchObject({
    message: expect.stringContaining("b.pdf: is not a"),
  });
  expect(index.points.size).toBe(3);
});
