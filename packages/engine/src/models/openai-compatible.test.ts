import { expect, test } from "vitest";
import { modelAt, scriptedProvider, sse, streamed } from "./scripted-provider.ts";

const text = (content: unknown) => ({ choices: [{ delta: { content } }] });
const end = { choices: [{ delta: {}, finish_reason: "stop" }] };
const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const messages = [
  { role: "developer" as const, content: "Be terse." },
  { role: "user" as const, content: "Hi", name: "llm_0" },
];

test("Azure is asked at its deployment, with its own header and version", async () => {
  const provider = await scriptedProvider(sse(text("Hi"), end, "[DONE]"));
  const model = await modelAt(
    provider,
    "azureChatOpenAI",
    { modelName: "gpt-4o", temperature: 0.9, basepath: "" },
    {
      azureOpenAIApiKey: "az",
      azureOpenAIApiInstanceName: "acme",
      azureOpenAIApiDeploymentName: "main",
      azureOpenAIApiVersion: "2024-10-21",
    },
  );
  expect((await streamed(model)).text).toBe("Hi");
  expect(provider.requests[0]?.path).toBe("/main/chat/completions?api-version=2024-10-21");
  expect(provider.requests[0]?.headers["api-key"]).toBe("az");
});

test("Mistral gets no stream options and no names, keeps a temperature of 0, and thinks in parts", async () => {
  const thinking = [{ type: "thinking", thinking: [{ type: "text", text: "Hm." }] }];
  const provider = await scriptedProvider(
    sse(text(thinking), text([{ type: "text", text: "Hi" }]), { ...end, usage }, "[DONE]"),
  );
  const model = await modelAt(
    provider,
    "chatMistralAI",
    { modelName: "mistral-small-latest", temperature: 0, safeMode: true, overrideEndpoint: "" },
    { mistralAIAPIKey: "mk" },
  );
  const answer = await streamed(model, { messages });
  expect(answer).toMatchObject({ text: "Hi", reasoning: "Hm.", usage: { total_tokens: 5 } });
  expect(provider.requests[0]?.path).toBe("/v1/chat/completions");
  expect(provider.requests[0]?.body).toEqual({
    model: "mistral-small-latest",
    temperature: 0,
    safe_prompt: true,
    messages: [
      { role: "system", content: "Be terse." },
      { role: "user", content: "Hi" },
    ],
    stream: true,
  });
});

test("Groq's thoughts and usage are read where Groq puts them", async () => {
  const thought = { choices: [{ delta: { reasoning: "Hm." } }] };
  const provider = await scriptedProvider(
    sse(thought, text("Hi"), { ...end, x_groq: { usage } }, "[DONE]"),
  );
  const model = await modelAt(
    provider,
    "groqChat",
    { modelName: "qwen/qwen3-32b" },
    { groqApiKey: "gk" },
  );
  const answer = await streamed(model);
  expect(answer).toMatchObject({ text: "Hi", reasoning: "Hm.", usage: { input_tokens: 3 } });
  expect(provider.requests[0]?.headers.authorization).toBe("Bearer gk");
});
