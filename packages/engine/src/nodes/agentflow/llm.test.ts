import { expect, test } from "vitest";
import { json, type Reply, scriptedProvider, sse } from "../../models/scripted-provider.ts";
import { drawFlow, runFlow } from "../../run-test-bench.ts";

const says = (content: string) => sse({ choices: [{ delta: { content } }] }, "[DONE]");

async function ask(replies: Reply[], more: Record<string, unknown>, to?: string[]) {
  const provider = await scriptedProvider(...replies);
  const graph = drawFlow({
    start_0: { to: ["llm_0"] },
    llm_0: {
      label: "Tea Expert",
      inputs: {
        llmModel: "chatOpenAI",
        llmModelConfig: { basepath: provider.url, modelName: "m" },
        ...more,
      },
      ...(to && { to }),
    },
    ...(to && { directReply_0: { inputs: { directReplyMessage: "<{{ $flow.state.kind }}>" } } }),
  });
  const past = [
    { role: "user", content: "Hello" },
    { role: "assistant", content: "Hi" },
  ];
  const services = { fetch: provider.fetch };
  const told = await runFlow(graph, { question: "Green?" }, { services, past });
  return { ...told, requests: provider.requests, record: told.run.records[1]!.data };
}
const said = (told: Awaited<ReturnType<typeof ask>>) =>
  told.requests[0]?.body.messages.map(
    ({ role, content }: { role: string; content: string }) => `${role}: ${content}`,
  );

test("a last node streams what its model says about the conversation", async () => {
  const told = await ask([says("Yes.")], {
    llmMessages: [
      { role: "user", content: "An example" },
      { role: "system", content: "Be brief." },
    ],
    llmEnableMemory: true,
  });
  expect(said(told)).toEqual([
    ...["system: Be brief.", "user: An example", "user: Hello", "assistant: Hi", "user: Green?"],
  ]);
  expect(told).toMatchObject({ text: "Yes.", tokens: "Yes." });
  expect(told.run.history).toMatchObject([
    { role: "user", content: "Green?" },
    { role: "user", content: "Yes.", name: "tea_expert" },
  ]);
});

test("without memory a model sees the configured messages and the question only", async () => {
  const told = await ask([says("Yes.")], {
    llmMessages: [{ role: "system", content: "Be brief." }],
    llmEnableMemory: false,
  });
  expect(said(told)).toEqual(["system: Be brief.", "user: Green?"]);
});

test("fields of a structured answer stand in the output and go into the state", async () => {
  const called = { name: "extract", arguments: '{"kind":"green","hot":true}' };
  const message = { tool_calls: [{ id: "c", type: "function", function: called }] };
  const told = await ask(
    [json({ choices: [{ message }] })],
    {
      llmEnableMemory: true,
      llmStructuredOutput: [
        { key: "kind", type: "enum", enumValues: "green, black", description: "which" },
        { key: "hot", type: "boolean", description: "is it" },
      ],
      llmUpdateState: [{ key: "kind", value: "{{ output.kind }}" }],
    },
    ["directReply_0"],
  );
  expect(told.text).toBe("<green>");
  expect(told.record.output).toMatchObject({ kind: "green", hot: true });
  const [tool] = told.requests[0]!.body.tools;
  expect(tool.function.parameters.properties).toMatchObject({
    kind: { type: "string", enum: ["green", "black"] },
    hot: { type: "boolean" },
  });
});

test("a failure carries the node's kind and the provider's words", async () => {
  const told = await ask([json({ error: { message: "no such model" } }, 404)], {});
  expect(told.status).toBe("ERROR");
  expect(told.error).toMatch(/^Error in LLM node: .*no such model/);
});
