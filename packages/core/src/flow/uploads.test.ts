import { expect, test } from "vitest";
import { uploadsOf } from "./uploads.ts";

const told = (...nodes: { name: string; category?: string; inputs?: object }[]) =>
  uploadsOf({
    flow_data: JSON.stringify({ nodes: nodes.map((data) => ({ id: data.name, data })), edges: [] }),
    speech_to_text: null,
  });
const model = { name: "chatOpenAI", inputs: { allowImageUploads: true } };

test.each([
  ["a chain that shows them to its model", [model, { name: "conversationChain" }], true],
  ["a chain that does not", [model, { name: "conversationalRetrievalQAChain" }], false],
  ["a model that takes none", [{ name: "chatOpenAI" }, { name: "llmChain" }], false],
  [
    "a model inside a node",
    [{ name: "agentAgentflow", inputs: { agentModelConfig: { allowImageUploads: true } } }],
    true,
  ],
])("images are offered by the flow: %s", (_, nodes, offered) => {
  expect(told(...nodes)).toMatchObject({
    isImageUploadAllowed: offered,
    imgUploadSizeAndTypes: offered ? [{ maxUploadSize: 5 }] : [],
  });
});

test("files are offered where a store takes them, of the kinds that its flow can read", () => {
  const store = { name: "pinecone", category: "Vector Stores", inputs: { fileUpload: true } };
  const closed = { ...store, inputs: {} };
  expect(told(closed, { name: "pdfFile" }).isRAGFileUploadAllowed).toBe(false);
  const kinds = (name: string) => told(store, { name }).fileUploadSizeAndTypes[0]?.fileTypes;
  expect(kinds("pdfFile")).toEqual([".pdf"]);
  expect(kinds("fileLoader")).toEqual(expect.arrayContaining([".pdf", ".docx", ".csv", ".txt"]));
  // Forms hand them to an input that text loaders do not have.
  expect(kinds("textFile")).not.toContain(".yaml");
  expect(kinds("fileLoader")).toContain(".yaml");
  expect(kinds("plainText")).toEqual(["*"]);
});
