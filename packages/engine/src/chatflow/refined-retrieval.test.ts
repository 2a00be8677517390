import { expect, test } from "vitest";
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

const texts = ["Tea leaves", "Coffee beans", "Cocoa"];

/** A chain that answers from what one retriever finds among three texts, two at most by itself. */
function flowWith(id: string, inputs: Record<string, unknown>) {
  const loaders = texts.map((text, i) => [
    `plainText_${i}`,
    { category: "Document Loaders", inputs: { text } },
  ]);
  return drawChatflow({
    chatOpenAI_0: {},
    openAIEmbeddings_0: {},
    ...Object.fromEntries(loaders),
    memoryVectorStore_0: {
      category: "Vector Stores",
      inputs: {
        document: texts.map((_, i) => instance(`plainText_${i}`)),
        embeddings: instance("openAIEmbeddings_0"),
        topK: "2",
      },
    },
    [id]: {
      category: "Retrievers",
      inputs: {
        vectorStore: instance("memoryVectorStore_0"),
        baseRetriever: instance("memoryVectorStore_0"),
        model: instance("chatOpenAI_0"),
        embeddings: instance("openAIEmbeddings_0"),
        ...inputs,
      },
    },
    conversationalRetrievalQAChain_0: {
      inputs: {
        model: instance("chatOpenAI_0"),
        vectorStoreRetriever: instance(id),
        returnSourceDocuments: true,
      },
    },
  });
}

const indexed = embeds([1, 0, 0], [0, 1, 0], [0, 0, 1]);

async function found(
  id: string,
  inputs: Record<string, unknown>,
  ...replies: ReturnType<typeof json>[]
) {
  const { requests, services } = await providerOf(indexed, ...replies, says("Done."));
  const base = services.modelBaseUrls.openai;
  const told = await askChatflow(
    flowWith(id, inputs),
    {},
    {
      ...services,
      modelBaseUrls: {
        ...services.modelBaseUrls,
        cohereRerank: `${base}/rerank`,
        jinaRerank: `${base}/rerank`,
        voyageRerank: `${base}/rerank`,
      },
    },
  );
  const documents = (told.chat?.body.sourceDocuments ?? []) as {
    pageContent: string;
    metadata: Record<string, unknown>;
  }[];
  return { requests, told, documents, contents: documents.map(({ pageContent }) => pageContent) };
}

test("a question is searched for in several wordings, and each document found once", async () => {
  const wordings = answers("<questions>\nLeaves?\nCocoa?\n</questions>");
  const inputs = { modelPrompt: "Three of {question}" };
  const both = [embeds([1, 0.5, 0]), embeds([0, 0.5, 1])];
  const { requests, contents } = await found("multiQueryRetriever_0", inputs, wordings, ...both);
  expect(requests[1]?.body.messages).toMatchObject([{ content: "Three of tea?" }]);
  expect(
    requests
      .slice(2, 4)
      .map(({ body }) => body.input[0])
      .toSorted(),
  ).toEqual(["Cocoa?", "Leaves?"]);
  expect(contents.toSorted()).toEqual(["Cocoa", "Coffee beans", "Tea leaves"]);
});

test("what looks like an answer is searched for in place of the question", async () => {
  const passage = answers("Coffee comes from beans.");
  const inputs = { promptKey: "websearch", topK: "1" };
  const { requests, contents } = await found("HydeRetriever_0", inputs, passage, embeds([0, 1, 0]));
  expect(requests[2]?.body.input).toEqual(["Coffee comes from beans."]);
  expect(contents).toEqual(["Coffee beans"]);
});

test("only what a model finds relevant is left of the documents", async () => {
  const kept = [embeds([1, 0.5, 0]), answers("leaves"), answers("NO_OUTPUT")];
  const { contents } = await found("llmFilterRetriever_0", {}, ...kept);
  expect(contents).toHaveLength(1);
  expect(contents[0]).toBe("leaves");
});

test("documents too far from the question are dropped", async () => {
  const vectors = [embeds([1, 1, 0]), embeds([1, 0], [0, 1]), embeds([1, 0])];
  const inputs = { similarityThreshold: "0.8", k: "20" };
  const { contents } = await found("embeddingsFilterRetriever_0", inputs, ...vectors);
  expect(contents).toHaveLength(1);
});

test("what is not alike enough is not found", async () => {
  const inputs = { minSimilarityScore: 80, maxK: 20, kIncrement: 2 };
  const { contents } = await found("similarityThresholdRetriever_0", inputs, embeds([0.1, 1, 0]));
  expect(contents).toEqual(["Coffee beans"]);
});

test("what stands high for several queries comes first", async () => {
  const queries = answers("1. Cocoa?\n2. Beans?");
  const vectors = [embeds([1, 0.5, 0]), embeds([0, 0.5, 1]), embeds([0, 1, 0.1])];
  const { contents } = await found("RRFRetriever_0", { queryCount: "2" }, queries, ...vectors);
  expect(contents[0]).toBe("Coffee beans");
  expect(contents).toHaveLength(2);
});

test.each(["cohereRerankRetriever_0", "JinaRerankRetriever_0", "voyageAIRerankRetriever_0"])(
  "%s keeps what a provider rates highest",
  async (id) => {
    const rated = [
      { index: 0, relevance_score: 0.1 },
      { index: 1, relevance_score: 0.9 },
    ];
    const reply = json(id.startsWith("voyage") ? { data: rated } : { results: rated });
    const inputs = { topK: "1", topN: "1", model: "m" };
    const { requests, documents } = await found(id, inputs, embeds([1, 0.5, 0]), reply);
    expect(requests[2]).toMatchObject({
      path: "/rerank",
      body: { model: "m", query: "tea?", documents: ["Tea leaves", "Coffee beans"] },
    });
    expect(documents).toEqual([
      { pageContent: "Coffee beans", metadata: { relevance_score: 0.9 } },
    ]);
  },
);

test("documents are shown in the author's form", async () => {
  const inputs = { resultFormat: "<{{context}}> {{metadata.source}}", topK: "1" };
  const { contents } = await found("customRetriever_0", inputs, embeds([1, 0, 0]));
  expect(contents).toEqual(["<Tea leaves> "]);
});
