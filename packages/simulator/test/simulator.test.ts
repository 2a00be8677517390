import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../src/simulator.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await openSimulator({ ttftMs: 5, gapMs: 1, tokens: 4 });
});
afterAll(() => simulator.close());

const post = (path: string, body: unknown, signal?: AbortSignal) =>
  fetch(simulator.url + path, {
    method: "POST",
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
const openai = (content: string, rest: object = {}) =>
  post("/v1/chat/completions", { messages: [{ role: "user", content }], ...rest });
const json = async (response: Response | Promise<Response>) =>
  JSON.parse(await (await response).text());
const frames = (text: string) =>
  [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? ""));

test("numbered tokens of an OpenAI stream carry the asker's name, in order, at the asker's pace", async () => {
  const began = performance.now();
  const response = await openai("rid=q7 [[ttft=60 n=5 gap=20]]", {
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = frames(await response.text());
  expect(performance.now() - began).toBeGreaterThan(130);
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
    "q7:0 q7:1 q7:2 q7:3 q7:4 ",
  );
  expect(chunks.at(-2)?.choices[0].finish_reason).toBe("stop");
  expect(chunks.at(-1)?.usage.completion_tokens).toBe(5);
});

test("an answer without a stream is the same text", async () => {
  const body = await json(openai("rid=a [[n=2]]"));
  expect(body.choices[0].message.content).toBe("a:0 a:1 ");
});

test("a tool is called once, with input that fits its schema", async () => {
  const parameters = {
    type: "object",
    properties: { input: { type: "string" }, times: { type: "number" } },
  };
  const tools = [{ type: "function", function: { name: "calculator", parameters } }];
  const user = { role: "user", content: "rid=t [[tool n=1]]" };
  const first = await json(post("/v1/chat/completions", { messages: [user], tools }));
  const [call] = first.choices[0].message.tool_calls;
  expect(JSON.parse(call.function.arguments)).toEqual({ input: "2*21", times: 21 });
  const messages = [
    user,
    first.choices[0].message,
    { role: "tool", tool_call_id: call.id, content: "42" },
  ];
  const second = await json(post("/v1/chat/completions", { messages, tools }));
  expect(second.choices[0].message.content).toBe("t:0 ");
});

test("Gemini and Anthropic streams hold the same tokens", async () => {
  const parts = [{ text: "rid=g [[n=3]]" }];
  const gemini = await post("/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse", {
    contents: [{ role: "user", parts }],
  });
  const texts = frames(await gemini.text()).map(
    (frame) => frame.candidates[0].content.parts[0].text,
  );
  expect(texts.join("")).toBe("g:0 g:1 g:2 ");
  const anthropic = await post("/v1/messages", {
    stream: true,
    messages: [{ role: "user", content: "rid=c [[n=3]]" }],
  });
  const deltas = frames(await anthropic.text()).map((frame) => frame.delta?.text ?? "");
  expect(deltas.join("")).toBe("c:0 c:1 c:2 ");
});

test("a question without knobs is answered in prose, the same every time", async () => {
  const ask = async () => (await json(openai("What is a sluice?"))).choices[0].message.content;
  const first = await ask();
  expect(first).toContain("What is a sluice?");
  expect(await ask()).toBe(first);
});

test("a status that was asked for comes in the provider's error shape", async () => {
  const response = await openai("[[status=429]]");
  expect(response.status).toBe(429);
  expect(await response.json()).toMatchObject({ error: { type: "rate_limit" } });
});

test("a cut stream breaks after the tokens that were asked for", async () => {
  const response = await openai("rid=x [[n=50 cut=5]]", { stream: true });
  let text = "";
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  })();
  await expect(reading).rejects.toThrow();
  expect(text).toContain("x:4 ");
  expect(text).not.toContain("x:5 ");
});

test("an asker who leaves a hanging request or a stream is counted as aborted", async () => {
  const before = simulator.stats();
  const leave = new AbortController();
  const hanging = post(
    "/v1/chat/completions",
    { messages: [{ role: "user", content: "[[hang]]" }] },
    leave.signal,
  );
  const streaming = await openai("[[n=1000 gap=50]]", { stream: true });
  await delay(50);
  expect(simulator.stats().active).toBe(before.active + 2);
  leave.abort();
  await expect(hanging).rejects.toThrow();
  await streaming.body?.cancel();
  await delay(100);
  expect(simulator.stats()).toMatchObject({ active: before.active, aborted: before.aborted + 2 });
});

test("embeddings of the same text are the same", async () => {
  const body = await json(post("/v1/embeddings", { input: ["one", "two", "one"] }));
  const [one, two, again] = body.data.map((row: { embedding: number[] }) => row.embedding);
  expect(again).toEqual(one);
  expect(two).not.toEqual(one);
});
