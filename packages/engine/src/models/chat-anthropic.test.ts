import { expect, test } from "vitest";
import type { ChatMessage } from "../model.ts";
import { json, modelAt, scriptedProvider, sse, streamed } from "./scripted-provider.ts";

const start = {
  type: "message_start",
  message: {
    id: "msg_1",
    model: "claude-haiku-4-5",
    usage: { input_tokens: 11, output_tokens: 1 },
  },
};
const block = (index: number, content_block: object, ...deltas: object[]) => [
  { type: "content_block_start", index, content_block },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index },
];
const text = (index: number, ...pieces: string[]) =>
  block(
    index,
    { type: "text", text: "" },
    ...pieces.map((piece) => ({ type: "text_delta", text: piece })),
  );
const stop = (stop_reason: string) => [
  { type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 6 } },
  { type: "message_stop" },
];
const toolUse = block(
  1,
  { type: "tool_use", id: "toolu_1", name: "calculator", input: {} },
  { type: "input_json_delta", partial_json: '{"input":' },
  { type: "input_json_delta", partial_json: '"6*7"}' },
);
const thinking = block(
  0,
  { type: "thinking", thinking: "", signature: "" },
  { type: "thinking_delta", thinking: "Hm." },
  { type: "signature_delta", signature: "c2ln" },
);
const inputs = { modelName: "claude-haiku-4-5", temperature: 0.5, maxTokensToSample: 500 };
const key = { anthropicApiKey: "ak" };
const tools = [{ name: "calculator", description: "calculates", schema: { type: "object" } }];

test("an answer streams, with the parameters that the recordings show", async () => {
  const provider = await scriptedProvider(
    sse(start, ...text(0, "Bonjour ", "ami"), ...stop("end_turn")),
  );
  const model = await modelAt(provider, "chatAnthropic", inputs, key);
  const answer = await streamed(model, {
    messages: [
      { role: "system", content: "Be terse." },
      { role: "user", content: "Hi" },
    ],
  });
  expect(answer).toMatchObject({ texts: ["Bonjour ", "ami"], text: "Bonjour ami" });
  expect(answer.usage).toMatchObject({ input_tokens: 11, output_tokens: 7, total_tokens: 18 });
  expect(provider.requests[0]?.headers).toMatchObject({
    "x-api-key": "ak",
    "anthropic-version": "2023-06-01",
  });
  expect(provider.requests[0]?.body).toEqual({
    model: "claude-haiku-4-5",
    max_tokens: 500,
    thinking: { type: "disabled" },
    temperature: 0.5,
    system: "Be terse.",
    messages: [{ role: "user", content: "Hi" }],
    stream: true,
  });
});

test("a tool round sends calls and results in Anthropic's form, results together", async () => {
  const provider = await scriptedProvider(
    sse(start, ...text(0, "Let me compute."), ...toolUse, ...stop("tool_use")),
    sse(start, ...text(0, "42"), ...stop("end_turn")),
  );
  const model = await modelAt(provider, "chatAnthropic", inputs, key);
  const { text: said, toolCalls } = await streamed(model, { tools });
  expect(toolCalls).toEqual([{ id: "toolu_1", name: "calculator", args: { input: "6*7" } }]);
  const result = (id: string): ChatMessage => ({ role: "tool", content: "42", toolCallId: id });
  await streamed(model, {
    tools,
    messages: [
      { role: "user", content: "6*7?" },
      { role: "assistant", content: said, toolCalls },
      result("toolu_1"),
      result("toolu_2"),
    ],
  });
  expect(provider.requests[1]?.body.messages).toEqual([
    { role: "user", content: "6*7?" },
    {
      role: "assistant",
      content: [
        { type: "text", text: "Let me compute." },
        { type: "tool_use", id: "toolu_1", name: "calculator", input: { input: "6*7" } },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "toolu_1", content: "42" },
        { type: "tool_result", tool_use_id: "toolu_2", content: "42" },
      ],
    },
  ]);
});

test("thinking is streamed apart and goes back signed in the next tool round", async () => {
  const provider = await scriptedProvider(
    sse(start, ...thinking, ...toolUse, ...stop("tool_use")),
    sse(start, ...text(0, "42"), ...stop("end_turn")),
  );
  const thinks = { ...inputs, maxTokensToSample: "", extendedThinking: true, budgetTokens: 2048 };
  const model = await modelAt(provider, "chatAnthropic", thinks, key);
  const { thoughts, toolCalls, text: content, metadata } = await streamed(model, { tools });
  expect(thoughts).toEqual(["Hm."]);
  expect(provider.requests[0]?.body).toMatchObject({
    max_tokens: 16384,
    thinking: { type: "enabled", budget_tokens: 2048 },
  });
  expect(provider.requests[0]?.body).not.toHaveProperty("temperature");
  await streamed(model, { tools, messages: [{ role: "assistant", content, toolCalls, metadata }] });
  expect(provider.requests[1]?.body.messages[0].content).toEqual([
    { type: "thinking", thinking: "Hm.", signature: "c2ln" },
    { type: "tool_use", id: "toolu_1", name: "calculator", input: { input: "6*7" } },
  ]);
});

test("the newest models get no sampling parameters, old ones a smaller limit", async () => {
  const answer = sse(start, ...text(0, "x"), ...stop("end_turn"));
  const provider = await scriptedProvider(answer, answer);
  for (const modelName of ["claude-opus-4-7", "claude-3-haiku-20240307"])
    await streamed(await modelAt(provider, "chatAnthropic", { modelName, temperature: 0.9 }, key));
  const [newest, old] = provider.requests.map(({ body }) => body);
  expect(newest).not.toHaveProperty("temperature");
  expect(newest).not.toHaveProperty("thinking");
  expect(old).toMatchObject({ temperature: 0.9, max_tokens: 4096 });
});

test("a schema is asked for as a forced tool", async () => {
  const provider = await scriptedProvider(
    sse(
      start,
      ...block(
        0,
        { type: "tool_use", id: "t", name: "extract", input: {} },
        {
          type: "input_json_delta",
          partial_json: '{"a":1}',
        },
      ),
      ...stop("tool_use"),
    ),
  );
  const model = await modelAt(provider, "chatAnthropic", inputs, key);
  const answer = await streamed(model, { schema: { name: "extract", schema: { type: "object" } } });
  expect(answer.structured).toEqual({ a: 1 });
  expect(provider.requests[0]?.body).toMatchObject({
    tools: [{ name: "extract", description: "A function available to call." }],
    tool_choice: { type: "tool", name: "extract" },
  });
});

test("images are sent as data or by address", async () => {
  const provider = await scriptedProvider(sse(start, ...text(0, "A dot."), ...stop("end_turn")));
  const image = (url: string) => ({ type: "image_url" as const, image_url: { url } });
  await streamed(
    await modelAt(provider, "chatAnthropic", { ...inputs, allowImageUploads: true }, key),
    {
      messages: [
        {
          role: "user",
          content: [image("data:image/png;base64,AAAA"), image("https://x.test/a.png")],
        },
      ],
    },
  );
  expect(provider.requests[0]?.body.messages[0].content).toEqual([
    { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
    { type: "image", source: { type: "url", url: "https://x.test/a.png" } },
  ]);
});

test("an overload is repeated before the first delta, an error after it is the end", async () => {
  const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
  const provider = await scriptedProvider(
    json(overloaded, 529, { "retry-after-ms": "1" }),
    sse(start, ...text(0, "Half"), overloaded),
  );
  const answer = streamed(await modelAt(provider, "chatAnthropic", inputs, key));
  await expect(answer).rejects.toThrow("Overloaded");
  expect(provider.requests).toHaveLength(2);
});

test("an answer without its end is an error", async () => {
  const provider = await scriptedProvider(sse(start, ...text(0, "Half")));
  const answer = streamed(await modelAt(provider, "chatAnthropic", inputs, key));
  await expect(answer).rejects.toThrow("The connection was lost before the answer was complete");
});
