import { expect, test } from "vitest";
import { openDocumentStore, openVectorStore } from "./knowledge.ts";
import { json as reply, scriptedProvider } from "./models/scripted-provider.ts";
import { knowledgeServer } from "./retrieval/knowledge-test-bench.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";
import type { Services } from "./services.ts";

const { signal } = new AbortController();

/** Two document stores, each with a document of its own. */
async function twoStores() {
  const servers = { tea: await knowledgeServer(), trams: await knowledgeServer() };
  const documentStore = async (id: string) => {
    const server = servers[id as keyof typeof servers];
    if (!server) throw new Error(`Document store ${id} not found`);
    const config = { qdrantServerUrl: server.url, qdrantCollection: "all", topK: 1 };
    return { id, name: id, embedding: server.embedding, vectorStore: { name: "qdrant", config } };
  };
  const { services } = servers.tea;
  for (const [id, text] of Object.entries({ tea: "tea leaves", trams: "yellow trams" })) {
    const { embedding, vectorStore } = await documentStore(id);
    const store = await openVectorStore({ embedding, vectorStore }, services);
    await store.add([{ pageContent: text, metadata: { about: id } }], signal);
  }
  return { ...services, documentStore } as Partial<Services>;
}

const retriever = (inputs: Record<string, unknown>) =>
  drawFlow({ start_0: { to: ["retriever_0"] }, retriever_0: { inputs } });
const stores = (...ids: string[]) => ids.map((id) => ({ documentStore: `${id}:Its name` }));

test("a retriever node says what every one of its stores finds", async () => {
  const services = await twoStores();
  const inputs = { retrieverKnowledgeDocumentStores: stores("trams", "tea"), outputFormat: "text" };
  const { tokens } = await runFlow(retriever(inputs), { question: "leaves" }, { services });
  expect(tokens).toBe("yellow trams\ntea leaves");
});

test("a retriever node tells of metadata when asked to", async () => {
  const services = await twoStores();
  const inputs = {
    retrieverKnowledgeDocumentStores: stores("tea"),
    retrieverQuery: "green tea",
    outputFormat: "textWithMetadata",
  };
  const { tokens } = await runFlow(retriever(inputs), { question: "go" }, { services });
  expect(JSON.parse(tokens)).toMatchObject([
    { pageContent: "tea leaves", metadata: { about: "tea" } },
  ]);
});

test("a document store that is not there ends the run with its id", async () => {
  const services = await twoStores();
  const inputs = { retrieverKnowledgeDocumentStores: stores("gone") };
  const outcome = await runFlow(retriever(inputs), { question: "go" }, { services });
  expect(JSON.stringify(outcome)).toContain("Document store gone not found");
});

test("a document store that was never filled says what to do", async () => {
  const documentStore = async (id: string) => ({ id, name: "Books" });
  const services = { ...(await knowledgeServer()).services, documentStore };
  await expect(openDocumentStore("books:Books", services)).rejects.toThrow(
    "The document store Books has no embedding yet: upsert its documents first",
  );
});

test("an agent looks into its knowledge and shows where an answer comes from", async () => {
  const services = await twoStores();
  const call = {
    id: "call_1",
    type: "function",
    function: { name: "its_name", arguments: '{"input":"leaves"}' },
  };
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const provider = await scriptedProvider(
    reply({ choices: [{ message: { content: "", tool_calls: [call] } }], usage }),
    reply({ choices: [{ message: { content: "From leaves." } }], usage }),
  );
  const flow = drawFlow({
    start_0: { to: ["agent_0"] },
    agent_0: {
      inputs: {
        agentModel: "chatOpenAI",
        agentModelConfig: { modelName: "m", basepath: provider.url, streaming: false },
        agentMessages: [],
        agentTools: "",
        agentKnowledgeDocumentStores: [
          { ...stores("tea")[0], docStoreDescription: "About tea", returnSourceDocuments: true },
        ],
      },
    },
  });
  const { tokens, events } = await runFlow(flow, { question: "What is tea?" }, { services });
  expect(tokens).toBe("From leaves.");
  expect(provider.requests[0]?.body.tools[0].function).toMatchObject({
    name: "its_name",
    description: "About tea",
  });
  expect(events.find((event) => event.type === "sources.found")).toMatchObject({
    documents: [{ pageContent: "tea leaves" }],
  });
});
