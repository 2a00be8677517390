import { expect, test } from "vitest";
import type { RedisClients, RedisPlace } from "../redis-clients.ts";
import type { SharedCache } from "../shared-cache.ts";
import {
  answers,
  askChatflow,
  drawChatflow,
  embeds,
  instance,
  providerOf,
  says,
} from "./chatflow-test-bench.ts";

/** Keeps everything, as a test may. */
function cache(): SharedCache & { buckets: Set<string> } {
  const kept = new Map<string, string>();
  const buckets = new Set<string>();
  return {
    buckets,
    read: async (bucket, names) => names.map((name) => kept.get(bucket + name)),
    async write(bucket, entries) {
      buckets.add(bucket);
      for (const [name, value] of entries) kept.set(bucket + name, value);
    },
  };
}

const chain = (inputs: object, more: Record<string, { inputs?: object }> = {}) =>
  drawChatflow({
    ...(more as object),
    chatOpenAI_0: { inputs: { cache: instance("inMemoryCache_0"), ...inputs } },
    promptTemplate_0: { inputs: { template: "{q}" } },
    llmChain_0: {
      inputs: { model: instance("chatOpenAI_0"), prompt: instance("promptTemplate_0") },
    },
    inMemoryCache_0: {},
  });

test("a model is not asked twice for the same, and another question is another", async () => {
  const { requests, services } = await providerOf(says("Green, mostly."), says("Black."));
  const given = { ...services, cache: cache() };
  const graph = chain({ temperature: "0.1" });
  const first = await askChatflow(graph, {}, given);
  const again = await askChatflow(graph, {}, given);
  expect([first.tokens, again.tokens]).toEqual(["Green, mostly.", "Green, mostly."]);
  expect(again.events.filter(({ type }) => type === "text.delta")).toHaveLength(2);
  expect((await askChatflow(graph, { question: "coffee?" }, given)).tokens).toBe("Black.");
  expect(requests).toHaveLength(2);
  expect([...given.cache.buckets]).toEqual(["llmCache:f"]);
});

test("what a model is set to belongs to the question", async () => {
  const { requests, services } = await providerOf(says("One."), says("Two."));
  const given = { ...services, cache: cache() };
  await askChatflow(chain({ temperature: "0.1" }), {}, given);
  await askChatflow(chain({ temperature: "0.9" }), {}, given);
  expect(requests).toHaveLength(2);
});

test("documents are embedded once, questions every time", async () => {
  const { requests, services } = await providerOf(
    embeds([1, 0]),
    embeds([1, 0]),
    says("Leaves."),
    embeds([0, 1]),
    says("Again."),
  );
  const given = { ...services, cache: cache() };
  const graph = drawChatflow({
    chatOpenAI_0: {},
    openAIEmbeddings_0: {},
    inMemoryEmbeddingCache_0: { inputs: { embeddings: instance("openAIEmbeddings_0") } },
    plainText_0: { category: "Document Loaders", inputs: { text: "Tea" } },
    memoryVectorStore_0: {
      category: "Vector Stores",
      inputs: {
        document: [instance("plainText_0")],
        embeddings: instance("inMemoryEmbeddingCache_0"),
      },
    },
    conversationalRetrievalQAChain_0: {
      inputs: {
        model: instance("chatOpenAI_0"),
        vectorStoreRetriever: instance("memoryVectorStore_0"),
      },
    },
  });
  await askChatflow(graph, {}, given);
  expect((await askChatflow(graph, {}, given)).tokens).toBe("Again.");
  expect(requests.map(({ body }) => body.input)).toEqual([
    ["Tea"],
    ["tea?"],
    undefined,
    ["tea?"],
    undefined,
  ]);
});

/** Lists in a Map, as a Redis of the author's would keep them. */
function lists() {
  const kept = new Map<string, string[]>();
  const calls: { place: RedisPlace; command: string[] }[] = [];
  const redis: RedisClients = {
    call: async (place, commands) =>
      commands.map((command) => {
        calls.push({ place, command });
        const [name, key = "", ...args] = command;
        const list = kept.get(key) ?? [];
        if (name === "LPUSH") kept.set(key, [...args.toReversed(), ...list]);
        return name === "LRANGE" ? list.slice(Number(args[0]), Number(args[1]) + 1) : 1;
      }),
  };
  return { redis, calls, kept };
}

test("a session is remembered in the author's Redis, the newest messages first", async () => {
  const { requests, services } = await providerOf(says("Leaves."), says("Beans."), says("Both."));
  const { redis, calls, kept } = lists();
  const credential = async () => ({ redisUrl: "rediss://me:pass@cache.example:6380/2" });
  const given = { ...services, redis, credential };
  const graph = drawChatflow({
    chatOpenAI_0: {},
    RedisBackedChatMemory_0: {
      category: "Memory",
      inputs: { sessionTTL: "60", windowSize: 2, memoryKey: "chat_history" },
    },
    conversationChain_0: {
      inputs: { model: instance("chatOpenAI_0"), memory: instance("RedisBackedChatMemory_0") },
    },
  });
  for (const question of ["tea?", "coffee?", "and?"]) await askChatflow(graph, { question }, given);
  expect(requests[2]?.body.messages.slice(-3)).toMatchObject([
    { role: "user", content: "coffee?" },
    { role: "assistant", content: "Beans." },
    { role: "user", content: "and?" },
  ]);
  expect(kept.get("s")?.map((text) => JSON.parse(text).data.content)).toEqual(
    ["tea?", "Leaves.", "coffee?", "Beans.", "and?", "Both."].toReversed(),
  );
  expect(calls[0]?.place).toEqual({
    ...{ host: "cache.example", port: 6380, db: 2, tls: true },
    ...{ username: "me", password: "pass" },
  });
  expect(calls.filter(({ command }) => command[0] === "EXPIRE")).toHaveLength(3);
});

test("an author's cache that is away costs a question, not the answer", async () => {
  const { services } = await providerOf(answers("Green."));
  const redis: RedisClients = { call: () => Promise.reject(new Error("away")) };
  const credential = async () => ({ redisCacheHost: "cache.example", redisCachePort: "6379" });
  const graph = chain({ cache: instance("redisCache_0") }, { redisCache_0: {} });
  const told = await askChatflow(graph, { stream: false }, { ...services, redis, credential });
  expect(told.text).toBe("Green.");
});
