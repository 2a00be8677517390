import { expect, test } from "vitest";
import { drawChatflow, instance } from "./chatflow-test-bench.ts";
import { planChatflow } from "./plan-chatflow.ts";

const chain = (model = "chatOpenAI_0") => ({ inputs: { model: instance(model) } });

test("nodes come in the order in which they feed each other, those of no ending never", () => {
  const { chat, warnings } = planChatflow(
    drawChatflow({
      toolAgent_0: {
        inputs: { tools: [instance("retrieverTool_0")], model: instance("chatOpenAI_0") },
      },
      retrieverTool_0: { inputs: { retriever: instance("pinecone_0") } },
      pinecone_0: { inputs: { embeddings: instance("openAIEmbeddings_0") } },
      openAIEmbeddings_0: {},
      chatOpenAI_0: {},
      chatOpenAI_1: {},
    }),
  );
  const order = chat.order.map(({ id }) => id);
  expect(order.slice(0, 2)).toEqual(["openAIEmbeddings_0", "pinecone_0"]);
  expect(order.at(-1)).toBe("toolAgent_0");
  expect(order).toHaveLength(5);
  expect(warnings).toEqual(["chatOpenAI_1 (chatOpenAI_1) leads to no ending and never runs"]);
});

test("names that we do not have are told, but only of nodes that run", () => {
  const { unsupported } = planChatflow(
    drawChatflow({
      llmChain_0: { inputs: { model: instance("weirdModel_0") } },
      weirdModel_0: {},
      otherThing_0: {},
    }),
  );
  expect(unsupported).toEqual(["weirdModel"]);
});

test("a flow that ends in no chain and no agent is told so", () => {
  const { problems } = planChatflow(drawChatflow({ chatOpenAI_0: {}, promptTemplate_0: chain() }));
  expect(problems[0]?.message).toBe("Ending node must be either a Chain or Agent or Engine");
  const none = planChatflow(drawChatflow({ chatOpenAI_0: {}, chatOpenAI_1: {} }));
  expect(none.problems[0]?.message).toBe("Ending nodes not found");
});

test("a chain for others cannot be the ending", () => {
  const { problems } = planChatflow(
    drawChatflow({ chatOpenAI_0: {}, llmChain_0: { ...chain(), output: "outputPrediction" } }),
  );
  expect(problems[0]?.message).toMatch(/can't be an Output Prediction/);
});

test("a circle is found", () => {
  const { problems } = planChatflow(
    drawChatflow({
      promptTemplate_0: { inputs: { promptValues: instance("promptTemplate_1") } },
      promptTemplate_1: { inputs: { promptValues: instance("promptTemplate_0") } },
      llmChain_0: { inputs: { prompt: instance("promptTemplate_0") } },
    }),
  );
  expect(problems[0]?.message).toMatch(/circle/);
});

test("a loader is not run where its documents are indexed already", () => {
  const { chat } = planChatflow(
    drawChatflow({
      plainText_0: { category: "Document Loaders" },
      plainText_1: { category: "Document Loaders" },
      pinecone_0: { inputs: { document: [instance("plainText_0")] } },
      memoryVectorStore_0: {
        category: "Vector Stores",
        inputs: { document: [instance("plainText_1")] },
      },
      retrievalQAChain_0: {
        inputs: { a: instance("pinecone_0"), b: instance("memoryVectorStore_0") },
      },
    }),
  );
  const indexed = chat.order.filter(({ isIndexed }) => isIndexed).map(({ id }) => id);
  expect(indexed).toEqual(["plainText_0"]);
});

test("what an answer does not need may be missing, and is named", () => {
  const { unsupported, warnings, chat } = planChatflow(
    drawChatflow({
      spacySplitter_0: {},
      notionDB_0: {
        category: "Document Loaders",
        inputs: { textSplitter: instance("spacySplitter_0") },
      },
      pinecone_0: { inputs: { document: [instance("notionDB_0")] } },
      retrievalQAChain_0: { inputs: { vectorStoreRetriever: instance("pinecone_0") } },
    }),
  );
  expect(unsupported).toEqual([]);
  expect(warnings).toEqual([
    "spacySplitter (spacySplitter_0) is not supported: the flow answers, but cannot be upserted",
    "notionDB (notionDB_0) is not supported: the flow answers, but cannot be upserted",
  ]);
  expect(chat.order.find(({ id }) => id === "spacySplitter_0")?.serves.size).toBe(0);
});
