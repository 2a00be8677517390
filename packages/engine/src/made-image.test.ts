import { expect, test } from "vitest";
import { json, scriptedProvider } from "./models/scripted-provider.ts";
import { drawFlow, runFlow } from "./run-test-bench.ts";

const answer = json({ choices: [{ message: { content: "A dot." }, finish_reason: "stop" }] });
const past = [
  { role: "user", content: "Draw." },
  {
    role: "assistant",
    content: "Here.",
    additional_kwargs: {
      artifacts: [
        { type: "png", data: "FILE-STORAGE::a.png" },
        { type: "png", data: "FILE-STORAGE::gone.png" },
        { type: "html", data: "<p>" },
      ],
    },
  },
];

async function sentBy(model: Record<string, unknown>) {
  const provider = await scriptedProvider(answer);
  const graph = drawFlow({
    start_0: { to: ["llm_0"] },
    llm_0: {
      inputs: {
        llmModel: "chatOpenAI",
        llmModelConfig: { basepath: provider.url, modelName: "m", streaming: false, ...model },
        llmEnableMemory: true,
      },
    },
  });
  const file = async (name: string) => {
    if (name !== "a.png") throw new Error("not found");
    return Buffer.from("dot");
  };
  const services = { fetch: provider.fetch, file };
  const told = await runFlow(graph, { question: "What is it?" }, { services, past });
  return { messages: provider.requests[0]!.body.messages, record: told.run.records.at(-1)! };
}

test("a model that takes images sees those of earlier answers, and no record keeps them", async () => {
  const { messages, record } = await sentBy({ allowImageUploads: true });
  const url = `data:image/png;base64,${btoa("dot")}`;
  expect(messages).toEqual([
    { role: "user", content: "Draw." },
    { role: "assistant", content: "Here." },
    { role: "user", content: [{ type: "image_url", image_url: { url } }] },
    { role: "user", content: "What is it?" },
  ]);
  expect(JSON.stringify(record)).not.toContain("base64");
  expect(record.data.input).toMatchObject({ messages: [{}, { role: "assistant" }, {}] });
});

test("a model that takes none sees only what was said", async () => {
  const { messages } = await sentBy({});
  expect(messages).toHaveLength(3);
});
