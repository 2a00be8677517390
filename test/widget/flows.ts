interface Drawn {
  category: string;
  inputs?: Record<string, unknown>;
}

const instance = (id: string) => `{{${id}.data.instance}}`;

/** A chatflow that answers from two texts, as the canvas exports it. */
export function retrievalFlow(modelUrl: string) {
  const basepath = `${modelUrl}/v1`;
  const drawn: Record<string, Drawn> = {
    chatOpenAI_0: {
      category: "Chat Models",
      inputs: { modelName: "simulated", basepath, streaming: true },
    },
    openAIEmbeddings_0: { category: "Embeddings", inputs: { modelName: "simulated", basepath } },
    plainText_0: {
      category: "Document Loaders",
      inputs: {
        text: "Tea is made from the leaves of Camellia sinensis.",
        metadata: '{"source":"tea.txt"}',
      },
    },
    plainText_1: {
      category: "Document Loaders",
      inputs: {
        text: "Coffee is made from roasted beans.",
        metadata: '{"source":"coffee.txt"}',
      },
    },
    memoryVectorStore_0: {
      category: "Vector Stores",
      inputs: {
        document: [instance("plainText_0"), instance("plainText_1")],
        embeddings: instance("openAIEmbeddings_0"),
        topK: "2",
      },
    },
    bufferMemory_0: { category: "Memory", inputs: { memoryKey: "chat_history" } },
    conversationalRetrievalQAChain_0: {
      category: "Chains",
      inputs: {
        model: instance("chatOpenAI_0"),
        vectorStoreRetriever: instance("memoryVectorStore_0"),
        memory: instance("bufferMemory_0"),
        returnSourceDocuments: true,
      },
    },
  };
  const nodes = Object.entries(drawn).map(([id, { category, inputs = {} }]) => {
    const name = id.replace(/_\d+$/, "");
    return { id, data: { id, name, label: name, category, inputs, inputParams: [], outputs: {} } };
  });
  const edges = Object.entries(drawn).flatMap(([target, { inputs }]) =>
    [...JSON.stringify(inputs ?? {}).matchAll(/\{\{(\w+)\.data\.instance/g)].map(([, source]) => ({
      source,
      target,
      sourceHandle: `${source}-output`,
      targetHandle: `${target}-input`,
    })),
  );
  return { nodes, edges };
}
