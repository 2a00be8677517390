import { expect, test } from "vitest";
import type { FlowGraph } from "../graph.ts";
import { json } from "../models/scripted-provider.ts";
import type { RunInput } from "../run-input.ts";
import type { Services } from "../services.ts";
import { drawChatflow, embeds, instance, providerOf } from "./chatflow-test-bench.ts";
import { planUpsert } from "./plan-upsert.ts";
import { runUpsert, upsertedNodes } from "./run-upsert.ts";

const file = (text: string, name: string) =>
  `data:text/plain;base64,${Buffer.from(text).toString("base64")},filename:${name}`;

const splitFile = (more: Record<string, unknown> = {}) => ({
  recursiveCharacterTextSplitter_0: { inputs: { chunkSize: "20", chunkOverlap: "0" } },
  textFile_0: {
    category: "Document Loaders",
    output: "document",
    inputs: {
      txtFile: file("Tea leaves.\n\nCoffee beans.", "facts.txt"),
      textSplitter: instance("recursiveCharacterTextSplitter_0"),
    },
  },
  openAIEmbeddings_0: {},
  memoryVectorStore_0: {
    category: "Vector Stores",
    inputs: {
      document: [instance("textFile_0")],
      embeddings: instance("openAIEmbeddings_0"),
      ...more,
    },
  },
});

const stored = (id: string, inputs: Record<string, unknown> = {}) => ({
  [`plainText_${id}`]: { category: "Document Loaders", inputs: { text: "Tea\nleaves" } },
  [`openAIEmbeddings_${id}`]: {},
  [`pinecone_${id}`]: {
    category: "Vector Stores",
    inputs: {
      document: [instance(`plainText_${id}`)],
      embeddings: instance(`openAIEmbeddings_${id}`),
      pineconeIndex: "books",
      ...inputs,
    },
  },
});

const upsert = (
  graph: FlowGraph,
  services: Partial<Services>,
  { stopNodeId, ...request }: Partial<RunInput> & { stopNodeId?: string } = {},
) =>
  runUpsert(
    planUpsert(graph, stopNodeId),
    { flowId: "f", chatId: "c1", sessionId: "c1", messageId: "m", ...request },
    {
      signal: new AbortController().signal,
      credential: async () => ({}),
      variables: async () => ({}),
      emit: () => {},
      ...services,
    } as Services,
    { id: "u1", left: [] },
  );

test("loaders run, what they bring is split and embedded, and the store tells what was added", async () => {
  const { requests, services } = await providerOf(embeds([1, 0], [0, 1]));
  const result = await upsert(drawChatflow(splitFile()), services);
  expect(requests.map(({ body }) => body.input)).toEqual([["Tea leaves.", "Coffee beans."]]);
  expect(result).toEqual({
    numAdded: 2,
    addedDocs: [
      {
        pageContent: "Tea leaves.",
        metadata: { source: "blob", blobType: "", loc: { lines: { from: 1, to: 1 } } },
      },
      {
        pageContent: "Coffee beans.",
        metadata: { source: "blob", blobType: "", loc: { lines: { from: 3, to: 3 } } },
      },
    ],
  });
});

test("files of the request take the place of those in the flow where that is allowed", async () => {
  const { services } = await providerOf(embeds([1, 0]));
  const graph = drawChatflow(splitFile());
  const request = {
    overrideConfig: { txtFile: [file("Yellow trams.", "trams.txt")] },
    permissions: { nodes: { textFile_0: new Set(["txtFile"]) }, variables: new Set<string>() },
  };
  const { addedDocs } = await upsert(graph, services, request);
  expect(addedDocs.map(({ pageContent }) => pageContent)).toEqual(["Yellow trams."]);
});

test("documents that users upload carry the conversation's id", async () => {
  const { requests, services } = await providerOf(
    embeds([1, 0]),
    (...given) => json({ host: services.modelBaseUrls.pinecone })(...given),
    json({}),
  );
  const graph = drawChatflow({ ...stored("0"), ...stored("1", { fileUpload: true }) });
  const result = await upsert(graph, services);
  expect(result).toMatchObject({ numAdded: 1 });
  expect(requests.at(-1)?.body.vectors).toMatchObject([
    { metadata: { text: "Tea\nleaves", flowise_chatId: "c1" } },
  ]);
});

test("of several stores one has to be named", async () => {
  const graph = drawChatflow({ ...stored("0"), ...stored("1") });
  expect(() => planUpsert(graph, undefined)).toThrow(
    "There are multiple vector nodes, please provide stopNodeId in body request: pinecone_0, pinecone_1",
  );
  expect(planUpsert(graph, "pinecone_1").store.id).toBe("pinecone_1");
  expect(() => planUpsert(graph, "plainText_0")).toThrow(
    "The flow has no vector store plainText_0",
  );
  expect(() => planUpsert(drawChatflow({ chatOpenAI_0: {} }), undefined)).toThrow(
    "No vector node found",
  );
});

test("nodes that are not supported are named; those elsewhere in the flow do not matter", async () => {
  const graph = drawChatflow({
    ...stored("0"),
    strangeLoader_0: { category: "Document Loaders" },
    strangeChain_0: { inputs: { store: instance("pinecone_0") } },
  });
  expect(planUpsert(graph, undefined).store.id).toBe("pinecone_0");
  const fed = drawChatflow({
    strangeLoader_0: { category: "Document Loaders" },
    pinecone_0: { category: "Vector Stores", inputs: { document: [instance("strangeLoader_0")] } },
  });
  expect(() => planUpsert(fed, undefined)).toThrow(
    "This flow uses nodes that are not supported: strangeLoader",
  );
});

test("the history shows settings, but no secrets and no contents of files", () => {
  const graph = drawChatflow(splitFile());
  const loader = graph.nodes.find(({ id }) => id === "textFile_0")!;
  loader.data.inputParams = [
    { name: "txtFile", label: "Txt File", type: "file" },
    { name: "token", label: "Token", type: "password" },
  ];
  loader.data.inputs = { ...loader.data.inputs, token: "a secret" };
  const nodes = upsertedNodes(planUpsert(graph, undefined), {});
  expect(nodes.find(({ id }) => id === "textFile_0")).toEqual({
    id: "textFile_0",
    name: "textFile",
    label: "textFile_0",
    paramValues: [{ name: "txtFile", label: "Txt File", type: "file", value: "facts.txt" }],
  });
});
