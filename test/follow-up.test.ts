import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, call, stream } from "./client.ts";
import { chain, reply, start } from "./flows.ts";
import { openSplit, type Split, store } from "./split.ts";

let split: Split;
let model: Server;
let asked: { messages: { content: string }[] } | undefined;
let flowId: string;
beforeAll(async () => {
  split = await openSplit();
  model = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked = JSON.parse(body);
    const content = JSON.stringify({ questions: ["And coffee?", "Why?"] });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ message: { role: "assistant", content }, done: true }));
  });
  await new Promise<void>((done) => model.listen(0, "127.0.0.1", done));
  const baseUrl = `http://127.0.0.1:${(model.address() as AddressInfo).port}`;
  const followUpPrompts = JSON.stringify({
    status: true,
    selectedProvider: "ollama",
    ollama: { modelName: "m", baseUrl, prompt: "After: {history}" },
  });
  flowId = await store(split, chain(start(), reply("Leaves.")), { followUpPrompts });
});
afterAll(async () => {
  model?.close();
  await split?.close();
});

test("an agentflow's answer comes with questions that may be next, and keeps them", async () => {
  const { json } = await ask(split.url, flowId, { question: "Tea?", chatId: "c" });
  expect(JSON.parse(JSON.parse(json.followUpPrompts))).toEqual(["And coffee?", "Why?"]);
  expect(asked?.messages.at(-1)?.content).toBe("After: Leaves.");
  const path = `/chatmessage/${flowId}?chatId=c&order=DESC`;
  const [message] = (await call(split.url, "GET", path, { key: split.key })).json;
  expect(JSON.parse(message.followUpPrompts)).toEqual(["And coffee?", "Why?"]);
});

test("a stream has them with what it says of the answer", async () => {
  const events = await (await stream(split.url, flowId, { question: "Tea?" })).ended;
  const metadata = events.find(({ event }) => event === "metadata")?.data;
  expect(JSON.parse(metadata.followUpPrompts)).toEqual(["And coffee?", "Why?"]);
});
