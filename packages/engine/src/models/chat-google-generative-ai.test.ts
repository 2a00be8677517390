import { expect, test } from "vitest";
import { json, modelAt, scriptedProvider, sse, streamed } from "./scripted-provider.ts";

const usageMetadata = {
  promptTokenCount: 12,
  candidatesTokenCount: 7,
  thoughtsTokenCount: 3,
  totalTokenCount: 22,
};
const parts = (list: object[], finishReason?: string) => ({
  candidates: [{ content: { role: "model", parts: list }, finishReason }],
  usageMetadata,
});
const inputs = { modelName: "gemini-2.0-flash", temperature: "0", baseUrl: "" };
const key = { googleGenerativeAPIKey: "gk" };
const tools = [
  {
    name: "calculator",
    description: "calculates",
    schema: {
      type: "object",
      additionalProperties: false,
      properties: { strict: { type: "string" } },
    },
  },
];

test("an answer streams, thoughts apart, and a temperature of 0 is sent", async () => {
  const provider = await scriptedProvider(
    sse(
      parts([{ text: "Hm.", thought: true }]),
      parts([{ text: "Hola " }]),
      parts([{ text: "amigo" }], "STOP"),
    ),
  );
  const model = await modelAt(
    provider,
    "chatGoogleGenerativeAI",
    {
      ...inputs,
      thinkingBudget: 100,
      safetySettings: [
        { harmCategory: "HARM_CATEGORY_HARASSMENT", harmBlockThreshold: "BLOCK_NONE" },
      ],
    },
    key,
  );
  const answer = await streamed(model, {
    messages: [
      { role: "system", content: "Be terse." },
      { role: "user", content: "Hi" },
    ],
  });
  expect(answer).toMatchObject({
    texts: ["Hola ", "amigo"],
    thoughts: ["Hm."],
    text: "Hola amigo",
  });
  expect(answer.usage).toMatchObject({ input_tokens: 12, output_tokens: 10, total_tokens: 22 });
  const [request] = provider.requests;
  expect(request?.path).toBe("/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse");
  expect(request?.headers["x-goog-api-key"]).toBe("gk");
  expect(request?.body).toEqual({
    systemInstruction: { parts: [{ text: "Be terse." }] },
    contents: [{ role: "user", parts: [{ text: "Hi" }] }],
    generationConfig: {
      stopSequences: [],
      temperature: 0,
      thinkingConfig: { thinkingBudget: 100, includeThoughts: true },
    },
    safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }],
  });
});

test("a tool round returns the call with its signature and the result by name", async () => {
  const functionCall = { name: "calculator", args: { input: "6*7" } };
  const provider = await scriptedProvider(
    sse(parts([{ functionCall, thoughtSignature: "c2ln" }], "STOP")),
    sse(parts([{ text: "42" }], "STOP")),
  );
  const model = await modelAt(provider, "chatGoogleGenerativeAI", inputs, key);
  const { toolCalls, metadata } = await streamed(model, { tools, toolChoice: "any" });
  expect(toolCalls).toMatchObject([functionCall]);
  const [first] = provider.requests;
  expect(first?.body.tools[0].functionDeclarations[0].parameters).toEqual({
    type: "object",
    properties: { strict: { type: "string" } },
  });
  expect(first?.body.toolConfig).toEqual({ functionCallingConfig: { mode: "ANY" } });
  await streamed(model, {
    tools,
    messages: [
      { role: "user", content: "6*7?" },
      { role: "assistant", content: "", toolCalls, metadata },
      { role: "tool", content: "42", toolCallId: toolCalls[0]?.id ?? "" },
    ],
  });
  expect(provider.requests[1]?.body.contents).toEqual([
    { role: "user", parts: [{ text: "6*7?" }] },
    { role: "model", parts: [{ functionCall, thoughtSignature: "c2ln" }] },
    {
      role: "user",
      parts: [{ functionResponse: { name: "calculator", response: { result: "42" } } }],
    },
  ]);
});

test("a schema is asked for as the only function allowed", async () => {
  const provider = await scriptedProvider(
    json(parts([{ functionCall: { name: "extract", args: { a: 1 } } }])),
  );
  const model = await modelAt(
    provider,
    "chatGoogleGenerativeAI",
    { ...inputs, streaming: false },
    key,
  );
  const answer = await streamed(model, { schema: { name: "extract", schema: { type: "object" } } });
  expect(answer.structured).toEqual({ a: 1 });
  expect(provider.requests[0]?.path).toBe("/v1beta/models/gemini-2.0-flash:generateContent");
  expect(provider.requests[0]?.body.toolConfig.functionCallingConfig).toEqual({
    mode: "ANY",
    allowedFunctionNames: ["extract"],
  });
});

test("images go in as data and come out as data", async () => {
  const provider = await scriptedProvider(
    sse(parts([{ inlineData: { mimeType: "image/png", data: "BBBB" } }], "STOP")),
  );
  const model = await modelAt(provider, "chatGoogleGenerativeAI", inputs, key);
  const url = "data:image/jpeg;base64,AAAA";
  const answer = await streamed(model, {
    messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
  });
  expect(answer.images).toEqual([{ mime: "image/png", base64: "BBBB" }]);
  expect(provider.requests[0]?.body.contents[0].parts).toEqual([
    { inlineData: { mimeType: "image/jpeg", data: "AAAA" } },
  ]);
});

test("a refusal and a blocked prompt are errors in Gemini's words", async () => {
  const provider = await scriptedProvider(
    json(
      [{ error: { code: 400, message: "API key not valid.", status: "INVALID_ARGUMENT" } }],
      400,
    ),
    sse({ promptFeedback: { blockReason: "SAFETY" } }),
  );
  const model = await modelAt(provider, "chatGoogleGenerativeAI", inputs, key);
  await expect(streamed(model)).rejects.toThrow("400 API key not valid.");
  await expect(streamed(model)).rejects.toThrow("The prompt was blocked: SAFETY");
});
