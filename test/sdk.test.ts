import sdk from "flowise-sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSimulator, type Simulator } from "../packages/simulator/src/simulator.ts";
import { call } from "./client.ts";
import { chain, llm, start } from "./flows.ts";
import { openSplit, type Split, store, storeCredential } from "./split.ts";

// The SDK is CommonJS, whose default export sits one deeper.
const { FlowiseClient } = sdk as unknown as typeof import("flowise-sdk");
let split: Split;
let simulator: Simulator;
let chatflowId: string;
beforeAll(async () => {
  [split, simulator] = await Promise.all([openSplit(), openSimulator({ ttftMs: 5, gapMs: 2 })]);
  const credential = await storeCredential(split);
  chatflowId = await store(split, chain(start(), llm({ url: simulator.url, credential })));
});
afterAll(() => Promise.all([split?.close(), simulator?.close()]));

test("flowise-sdk streams tokens in order, up to the end event", async () => {
  const client = new FlowiseClient({ baseUrl: split.url });
  const prediction = await client.createPrediction({
    chatflowId,
    question: "rid=sdk [[n=40]]",
    streaming: true,
  });
  const events: { event: string; data: unknown }[] = [];
  for await (const event of prediction) events.push(event);
  const tokens = events.filter(({ event }) => event === "token").map(({ data }) => data);
  expect(tokens.join("")).toBe(Array.from({ length: 40 }, (_, i) => `sdk:${i} `).join(""));
  expect(events.map(({ event }) => event).filter((name) => name !== "token")).toEqual([
    "agentFlowEvent",
    ...["nextAgentFlow", "nextAgentFlow", "agentFlowExecutedData"],
    ...["nextAgentFlow", "calledTools", "usageMetadata", "nextAgentFlow", "agentFlowExecutedData"],
    ...["agentFlowEvent", "metadata", "end"],
  ]);
  expect(events.at(-1)).toEqual({ event: "end", data: "[DONE]" });
});

test("flowise-sdk gets the same answer as JSON", async () => {
  const client = new FlowiseClient({ baseUrl: split.url });
  const answer = await client.createPrediction({ chatflowId, question: "rid=sdk [[n=3]]" });
  expect(answer).toMatchObject({
    text: "sdk:0 sdk:1 sdk:2 ",
    question: "rid=sdk [[n=3]]",
    chatId: expect.any(String),
    chatMessageId: expect.any(String),
    executionId: expect.any(String),
  });
});

test("flowise-sdk sends its key along to a flow that asks for one", async () => {
  const keys = (await call(split.url, "GET", "/apikey", { key: split.key })).json;
  const locked = await store(split, chain(start(), llm({ url: simulator.url })), {
    apikeyid: keys[0].id,
  });
  const question = { chatflowId: locked, question: "rid=k [[n=1]]", streaming: true as const };
  const stranger = await new FlowiseClient({ baseUrl: split.url }).createPrediction(question);
  const reading = (async () => {
    for await (const _ of stranger);
  })();
  await expect(reading).rejects.toThrow("HTTP error! status: 401");
  const known = new FlowiseClient({ baseUrl: split.url, apiKey: split.key });
  const events: unknown[] = [];
  for await (const event of await known.createPrediction(question)) events.push(event);
  expect(events).toContainEqual({ event: "token", data: "k:0 " });
});
