import { expect, test } from "vitest";
import { json, modelAt, scriptedProvider, sse, streamed } from "./scripted-provider.ts";

const chunk = (delta: object, finish_reason: string | null = null) => ({
  model: "gpt-4o-mini",
  choices: [{ index: 0, delta, finish_reason }],
});
const usage = { prompt_tokens: 11, completion_tokens: 6, total_tokens: 17 };
const hello = [
  chunk({ role: "assistant", content: "" }),
  chunk({ content: "Hello " }),
  chunk({ content: "there" }),
  chunk({}, "stop"),
  { choices: [], usage },
  "[DONE]",
];
const inputs = { modelName: "gpt-4o-mini", temperature: 0.5 };
const key = { openAIApiKey: "sk-test" };
const tools = [{ name: "calculator", description: "calculates", schema: { type: "object" } }];

test("an answer streams, and its usage has LangChain's names", async () => {
  const provider = await scriptedProvider(sse(...hello));
  const model = await modelAt(provider, "chatOpenAI", inputs, key);
  const answer = await streamed(model, {
    messages: [{ role: "user", content: "Hi", name: "llm_0" }],
  });
  expect(answer.texts).toEqual(["Hello ", "there"]);
  expect(answer.text).toBe("Hello there");
  expect(answer.usage).toMatchObject({ input_tokens: 11, output_tokens: 6, total_tokens: 17 });
  const [request] = provider.requests;
  expect(request?.path).toBe("/chat/completions");
  expect(request?.headers.authorization).toBe("Bearer sk-test");
  expect(request?.body).toEqual({
    model: "gpt-4o-mini",
    temperature: 0.5,
    messages: [{ role: "user", content: "Hi", name: "llm_0" }],
    stream: true,
    stream_options: { include_usage: true },
  });
});

test("an empty parameter is unset, text is read as a number and zero is kept", async () => {
  const whole = json({ choices: [{ message: { content: "Hi" }, finish_reason: "stop" }], usage });
  const provider = await scriptedProvider(whole, whole);
  const ask = async (more: object) => {
    const model = await modelAt(
      provider,
      "chatOpenAI",
      { ...inputs, streaming: false, ...more },
      key,
    );
    return streamed(model);
  };
  const answer = await ask({
    temperature: "",
    maxTokens: "50",
    topP: "",
    stopSequence: "END, STOP",
  });
  expect(answer.texts).toEqual(["Hi"]);
  await ask({ temperature: 0, baseOptions: '{"x-custom":"1"}' });
  const [first, second] = provider.requests;
  expect(first?.body).toMatchObject({ max_tokens: 50, stop: ["END", "STOP"], stream: false });
  expect(first?.body).not.toHaveProperty("temperature");
  expect(first?.body).not.toHaveProperty("top_p");
  expect(second?.body.temperature).toBe(0);
  expect(second?.headers["x-custom"]).toBe("1");
});

test("a reasoning model gets no temperature and no stop", async () => {
  const provider = await scriptedProvider(sse(...hello));
  const model = await modelAt(
    provider,
    "chatOpenAI",
    { ...inputs, modelName: "o3-mini", maxTokens: 9, stopSequence: "x", reasoningEffort: "low" },
    key,
  );
  await streamed(model, { messages: [{ role: "system", content: "Be terse." }] });
  expect(provider.requests[0]?.body).toEqual({
    model: "o3-mini",
    max_completion_tokens: 9,
    reasoning_effort: "low",
    messages: [{ role: "developer", content: "Be terse." }],
    stream: true,
    stream_options: { include_usage: true },
  });
});

test("parallel tool calls are put together, and arguments that are no JSON are kept raw", async () => {
  const call = (index: number, more: object) => chunk({ tool_calls: [{ index, ...more }] });
  const provider = await scriptedProvider(
    sse(
      call(0, { id: "a", function: { name: "calculator", arguments: "" } }),
      call(1, { id: "b", function: { name: "calculator", arguments: "{bad" } }),
      call(0, { function: { arguments: '{"input":' } }),
      call(0, { function: { arguments: '"6*7"}' } }),
      chunk({}, "tool_calls"),
      "[DONE]",
    ),
    sse(...hello),
  );
  const model = await modelAt(provider, "chatOpenAI", inputs, key);
  const { toolCalls } = await streamed(model, { tools, toolChoice: "any" });
  expect(toolCalls).toEqual([
    { id: "a", name: "calculator", args: { input: "6*7" } },
    { id: "b", name: "calculator", args: { __raw: "{bad" } },
  ]);
  expect(provider.requests[0]?.body.tool_choice).toBe("required");
  await streamed(model, {
    tools,
    messages: [
      { role: "assistant", content: "", toolCalls },
      { role: "tool", content: "42", toolCallId: "a", name: "calculator" },
    ],
  });
  const [assistant, tool] = provider.requests[1]?.body.messages ?? [];
  expect(assistant.tool_calls[0].function).toEqual({
    name: "calculator",
    arguments: '{"input":"6*7"}',
  });
  expect(assistant.tool_calls[1].function.arguments).toBe("{bad");
  expect(tool).toEqual({ role: "tool", content: "42", name: "calculator", tool_call_id: "a" });
});

test("a schema is asked for as a forced function and its arguments are the structured answer", async () => {
  const call = { id: "a", function: { name: "extract", arguments: '{"city":"Lisbon"}' } };
  const provider = await scriptedProvider(
    json({ choices: [{ message: { content: null, tool_calls: [call] }, finish_reason: "stop" }] }),
    json({ choices: [{ message: { content: "I would rather not." }, finish_reason: "stop" }] }),
  );
  const model = await modelAt(provider, "chatOpenAI", inputs, key);
  const schema = { name: "extract", schema: { type: "object", properties: {} } };
  const request = { schema, onText: undefined, onReasoning: undefined };
  const answer = await streamed(model, request);
  expect(answer.structured).toEqual({ city: "Lisbon" });
  expect(answer.toolCalls).toEqual([]);
  const { body } = provider.requests[0] ?? {};
  expect(body.tool_choice).toEqual({ type: "function", function: { name: "extract" } });
  await expect(streamed(model, request)).rejects.toThrow(/did not answer with an object/);
});

test("thoughts of a compatible server go their own way", async () => {
  const provider = await scriptedProvider(
    sse(
      chunk({ reasoning_content: "Hm. " }),
      chunk({ content: "Yes." }),
      chunk({}, "stop"),
      "[DONE]",
    ),
  );
  const answer = await streamed(await modelAt(provider, "chatOpenAI", inputs, key));
  expect(answer).toMatchObject({ text: "Yes.", reasoning: "Hm. ", thoughts: ["Hm. "] });
});

test("a refusal has the provider's words and is not repeated", async () => {
  const message = "Incorrect API key provided: case-x.";
  const provider = await scriptedProvider(
    json({ error: { message, code: "invalid_api_key" } }, 401),
  );
  const answer = streamed(await modelAt(provider, "chatOpenAI", inputs, key));
  await expect(answer).rejects.toMatchObject({
    message: `401 ${message}`,
    status: 401,
    retryable: false,
  });
  expect(provider.requests).toHaveLength(1);
});

test("a failure before the first delta is repeated", async () => {
  const provider = await scriptedProvider(
    json({ error: { message: "try again" } }, 500, { "retry-after-ms": "1" }),
    json({ error: { message: "slow down", code: "rate_limit_exceeded" } }, 429, {
      "retry-after": "0",
    }),
    sse(...hello),
  );
  const answer = await streamed(await modelAt(provider, "chatOpenAI", inputs, key));
  expect(answer.text).toBe("Hello there");
  expect(provider.requests).toHaveLength(3);
});

test("an exhausted quota is not repeated", async () => {
  const error = { message: "You exceeded your current quota.", code: "insufficient_quota" };
  const provider = await scriptedProvider(json({ error }, 429), sse(...hello));
  const answer = streamed(await modelAt(provider, "chatOpenAI", inputs, key));
  await expect(answer).rejects.toThrow("429 You exceeded your current quota.");
  expect(provider.requests).toHaveLength(1);
});

test("a connection lost after the first delta is an error and not repeated", async () => {
  const provider = await scriptedProvider(sse(chunk({ content: "Half" }), "cut"), sse(...hello));
  const answer = streamed(await modelAt(provider, "chatOpenAI", inputs, key));
  await expect(answer).rejects.toThrow("The connection was lost before the answer was complete");
  expect(provider.requests).toHaveLength(1);
});

test("an abort rejects with its reason and closes the provider's socket", async () => {
  const provider = await scriptedProvider(sse(chunk({ content: "Half" }), "hold"));
  const model = await modelAt(provider, "chatOpenAI", inputs, key);
  const abort = new AbortController();
  const answer = streamed(model, { signal: abort.signal, onText: () => abort.abort() });
  await expect(answer).rejects.toThrow("This operation was aborted");
  await expect.poll(() => provider.requests[0]?.closedEarly).toBe(true);
});

test("a model at a private address is refused", async () => {
  const provider = await scriptedProvider();
  const model = await modelAt(
    provider,
    "chatOpenAI",
    { ...inputs, basepath: "http://10.0.0.8/v1" },
    key,
  );
  await expect(streamed(model)).rejects.toThrow(/10\.0\.0\.8 is denied.*HTTP_ALLOW_LIST/);
});
