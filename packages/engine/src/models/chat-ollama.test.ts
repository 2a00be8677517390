import { expect, test } from "vitest";
import { json, modelAt, ndjson, scriptedProvider, streamed } from "./scripted-provider.ts";

const done = { message: { content: "" }, done: true, prompt_eval_count: 11, eval_count: 6 };
const line = (message: object) => ({ message, done: false });
const inputs = { modelName: "llama3", temperature: 0.5, baseUrl: "", stop: "END, STOP", topP: "" };

test("an answer streams, thoughts apart, with the options an author has set", async () => {
  const provider = await scriptedProvider(
    ndjson(
      line({ thinking: "Hm." }),
      line({ content: "Ciao, " }),
      line({ content: "bello" }),
      done,
    ),
  );
  const answer = await streamed(await modelAt(provider, "chatOllama", inputs));
  expect(answer).toMatchObject({
    texts: ["Ciao, ", "bello"],
    thoughts: ["Hm."],
    text: "Ciao, bello",
  });
  expect(answer.usage).toMatchObject({ input_tokens: 11, output_tokens: 6, total_tokens: 17 });
  expect(provider.requests[0]?.path).toBe("/api/chat");
  expect(provider.requests[0]?.body).toEqual({
    model: "llama3",
    messages: [{ role: "user", content: "Hi" }],
    options: { temperature: 0.5, stop: ["END", "STOP"] },
    keep_alive: "5m",
    think: false,
    stream: true,
  });
});

test("a tool is called and its result sent back", async () => {
  const call = { function: { name: "calculator", arguments: { input: "6*7" } } };
  const provider = await scriptedProvider(ndjson(line({ tool_calls: [call] }), done), ndjson(done));
  const model = await modelAt(provider, "chatOllama", inputs);
  const tools = [{ name: "calculator", description: "calculates", schema: { type: "object" } }];
  const { toolCalls } = await streamed(model, { tools });
  expect(toolCalls).toMatchObject([{ name: "calculator", args: { input: "6*7" } }]);
  const result = {
    role: "tool" as const,
    content: "42",
    name: "calculator",
    toolCallId: toolCalls[0]!.id,
  };
  await streamed(model, {
    tools,
    messages: [{ role: "assistant", content: "", toolCalls }, result],
  });
  expect(provider.requests[1]?.body.messages).toEqual([
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", content: "42", tool_name: "calculator" },
  ]);
});

test("a schema becomes the format of the answer", async () => {
  const provider = await scriptedProvider(json({ ...done, message: { content: '{"a":1}' } }));
  const model = await modelAt(provider, "chatOllama", { ...inputs, streaming: false });
  const schema = { type: "object" };
  const answer = await streamed(model, { schema: { name: "extract", schema } });
  expect(answer.structured).toEqual({ a: 1 });
  expect(provider.requests[0]?.body.format).toEqual(schema);
});

test("an error in the middle of the stream and an answer without its end are errors", async () => {
  const provider = await scriptedProvider(
    ndjson(line({ content: "Half" }), { error: "model runner stopped" }),
    ndjson(line({ content: "Half" })),
    json({ error: 'model "llama9" not found' }, 404),
  );
  const model = await modelAt(provider, "chatOllama", inputs);
  await expect(streamed(model)).rejects.toThrow("model runner stopped");
  await expect(streamed(model)).rejects.toThrow("The connection was lost");
  await expect(streamed(model)).rejects.toThrow('404 model "llama9" not found');
});
