import { expect, test } from "vitest";
import type { GuardedFetch, GuardedResponse } from "../http/guarded-fetch.ts";
import { json } from "../models/scripted-provider.ts";
import {
  answers,
  askChatflow,
  drawChatflow,
  embeds,
  instance,
  providerOf,
  says,
} from "./chatflow-test-bench.ts";

test("a question in a conversation is rephrased, searched for and answered with its sources", async () => {
  const { requests, services } = await providerOf(
    embeds([1, 0], [0, 1]),
    answers("Where does coffee come from?"),
    embeds([0, 1]),
    says("Beans."),
  );
  const graph = drawChatflow({
    chatOpenAI_0: {},
    openAIEmbeddings_0: {},
    plainText_0: {
      category: "Document Loaders",
      inputs: { text: "Tea\nleaves", metadata: '{"n":1}' },
    },
    plainText_1: { category: "Document Loaders", inputs: { text: "Coffee beans" } },
    memoryVectorStore_0: {
      category: "Vector Stores",
      inputs: {
        document: [instance("plainText_0"), instance("plainText_1")],
        embeddings: instance("openAIEmbeddings_0"),
        topK: "2",
      },
    },
    conversationalRetrievalQAChain_0: {
      inputs: {
        model: instance("chatOpenAI_0"),
        vectorStoreRetriever: instance("memoryVectorStore_0"),
        returnSourceDocuments: true,
        rephrasePrompt: "{chat_history} / {question}",
        responsePrompt: "From:\n{context}",
      },
    },
  });
  const past = [
    { role: "user", content: "And tea?" },
    { role: "assistant", content: "Leaves." },
  ];
  const told = await askChatflow(graph, { question: "Coffee?" }, { ...services, past });
  expect(requests.map(({ body }) => body.input ?? body.messages)).toMatchObject([
    ["Tea leaves", "Coffee beans"],
    [{ content: "human: And tea?\nai: Leaves. / Coffee?" }],
    ["Where does coffee come from?"],
    [
      { content: "From:\n<doc id='0'>Coffee beans</doc>\n<doc id='1'>Tea\nleaves</doc>" },
      { content: "And tea?" },
      { content: "Leaves." },
      { content: "Coffee?" },
    ],
  ]);
  expect(told.tokens).toBe("Beans.");
  expect(told.events.at(-1)).toMatchObject({
    type: "sources.found",
    documents: [
      { pageContent: "Coffee beans" },
      { pageContent: "Tea\nleaves", metadata: { n: 1 } },
    ],
  });
});

test("an agent searches Pinecone with the author's filter", async () => {
  const match = { id: "d1", metadata: { text: "Apple earned 100.", source: "apple" } };
  const { requests, services } = await providerOf(
    says("", { name: "search", args: { input: "earned" } }),
    embeds([1, 0]),
    json({ matches: [match] }),
    says("100."),
  );
  const host = services.modelBaseUrls.pinecone;
  const fetch: GuardedFetch = async (url, init) =>
    url.endsWith("/indexes/idx")
      ? ({ status: 200, json: async () => ({ host }) as unknown } as GuardedResponse)
      : services.fetch(url, init);
  const graph = drawChatflow({
    chatOpenAI_0: {},
    openAIEmbeddings_0: {},
    pinecone_0: {
      inputs: {
        embeddings: instance("openAIEmbeddings_0"),
        pineconeIndex: "idx",
        pineconeNamespace: "10k",
        pineconeMetadataFilter: '{"source":"apple"}',
      },
    },
    retrieverTool_0: {
      inputs: {
        name: "search",
        description: "Apple's figures",
        retriever: instance("pinecone_0"),
        returnSourceDocuments: true,
      },
    },
    toolAgent_0: {
      inputs: { model: instance("chatOpenAI_0"), tools: [instance("retrieverTool_0")] },
    },
  });
  const told = await askChatflow(graph, {}, { ...services, fetch });
  expect(told.chat?.body).toMatchObject({
    text: "100.",
    usedTools: [{ tool: "search", toolOutput: "Apple earned 100." }],
    sourceDocuments: [
      { pageContent: "Apple earned 100.", metadata: { source: "apple" }, id: "d1" },
    ],
  });
  expect(requests[2]).toMatchObject({
    path: "/query",
    body: { namespace: "10k", topK: 4, filter: { source: "apple" }, vector: [1, 0] },
  });
});
