import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openRedisClients } from "../packages/core/src/redis/open-redis-clients.ts";
import { drawChatflow, instance } from "../packages/engine/src/chatflow/chatflow-test-bench.ts";
import { redisPlace } from "../packages/engine/src/redis-place.ts";
import { ask, call } from "./client.ts";
import { openScriptedModels } from "./scripted-models.ts";
import { openSplit, type Split, store } from "./split.ts";

const clients = openRedisClients({ securityCheck: false, denyList: [], allowList: [] });
let split: Split;
let models: Awaited<ReturnType<typeof openScriptedModels>>;
beforeAll(async () => {
  [split, models] = await Promise.all([openSplit(), openScriptedModels()]);
});
afterAll(async () => {
  models?.close();
  await clients.close();
  await split?.close();
});

const lengthOf = async (session: string) => {
  const place = redisPlace({ redisUrl: inject("redisUrl") });
  return (await clients.call(place, [["LLEN", session]], AbortSignal.timeout(5000)))[0];
};

test("a worker remembers in the author's Redis, and the API empties it with the conversation", async () => {
  const body = {
    name: "memory",
    credentialName: "redisCacheUrlApi",
    plainDataObj: { redisUrl: inject("redisUrl") },
  };
  const credential = (await call(split.url, "POST", "/credentials", { body, key: split.key })).json;
  const graph = drawChatflow({
    chatOpenAI_0: { inputs: { modelName: "m", basepath: `${models.url}/v1` } },
    RedisBackedChatMemory_0: { category: "Memory", label: "Redis", inputs: { sessionTTL: "60" } },
    conversationChain_0: {
      inputs: { model: instance("chatOpenAI_0"), memory: instance("RedisBackedChatMemory_0") },
    },
  });
  const nodes = graph.nodes.map((node) =>
    node.data.category === "Memory"
      ? { ...node, data: { ...node.data, credential: credential.id } }
      : node,
  );
  const flow = await store(split, { ...graph, nodes }, { type: "CHATFLOW" });
  const [chatId, session] = [`${split.queueName}-c`, `${split.queueName}-s`];
  models.say({ text: "Green." }, { text: "Still." });
  for (const question of ["tea?", "and now?"]) {
    const overrideConfig = { sessionId: session };
    const answer = await ask(split.url, flow, { question, chatId, overrideConfig });
    expect(answer.json).toMatchObject({ memoryType: "Redis", sessionId: session });
  }
  expect(models.taken()[1]?.body.messages.slice(-3)).toMatchObject([
    { role: "user", content: "tea?" },
    { role: "assistant", content: "Green." },
    { role: "user", content: "and now?" },
  ]);
  expect(await lengthOf(session)).toBe(4);
  const path = `/chatmessage/${flow}?chatId=${chatId}`;
  expect((await call(split.url, "DELETE", path, { key: split.key })).json).toEqual({
    raw: [],
    affected: 4,
  });
  expect(await lengthOf(session)).toBe(0);
});
