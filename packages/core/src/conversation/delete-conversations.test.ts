import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import { createCredential } from "../credential/credential.ts";
import { credentialKeyFromBytes } from "../credential/credential-key.ts";
import { createFlow } from "../flow/flow.ts";
import { openDiskObjectStore } from "../object-store/disk-object-store.ts";
import { uploadKey } from "../object-store/upload.ts";
import { listMessages } from "./chat-message.ts";
import { deleteConversations } from "./delete-conversations.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-test-conversations-"));
const objects = openDiskObjectStore(folder);
const credentialKey = credentialKeyFromBytes(new Uint8Array(32));
let database: TestDatabase;
let flowId: string;
let commands: string[][];
let isAway: boolean;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  const { db } = database;
  commands = [];
  isAway = false;
  const { id: credential } = await createCredential(db, credentialKey, {
    name: "Memory",
    credentialName: "redisCacheUrlApi",
    plainDataObj: { redisUrl: "redis://memory.example" },
  });
  const data = { name: "RedisBackedChatMemory", category: "Memory", credential, inputs: {} };
  const nodes = [{ id: "RedisBackedChatMemory_0", data }];
  const flowData = JSON.stringify({ nodes, edges: [] });
  flowId = (await createFlow(db, { name: "Flow", type: "CHATFLOW", flowData })).id;
  for (const chat of ["c1", "c2"]) {
    await say(chat, chat === "c1" ? "s1" : "c2");
    await objects.put(uploadKey(flowId, chat, "a.png"), Buffer.from("x"));
  }
});

const say = (chat: string, session: string) =>
  database.db
    .insertInto("chat_message")
    .values({
      id: randomUUID(),
      role: "userMessage",
      chatflowid: flowId,
      content: "tea?",
      chat_id: chat,
      session_id: session,
      chat_type: "EXTERNAL",
    })
    .execute();

const parts = () => ({
  db: database.db,
  objects,
  credentialKey,
  redis: {
    async call(_: unknown, given: string[][]) {
      if (isAway) throw new Error("Redis on memory.example: connect ECONNREFUSED");
      commands.push(...given);
      return [];
    },
  },
});
const hasFile = (chat: string) =>
  objects.get(uploadKey(flowId, chat, "a.png")).then(
    () => true,
    () => false,
  );

test("a conversation goes with its files and with what a memory outside holds of it", async () => {
  expect(await deleteConversations(parts(), flowId, { chatId: "c1" })).toBe(1);
  expect(commands.map(([name, ...keys]) => [name, keys.toSorted()])).toEqual([
    ["DEL", ["c1", "s1"]],
  ]);
  expect([await hasFile("c1"), await hasFile("c2")]).toEqual([false, true]);
});

test("files stay while messages of their conversation do", async () => {
  await say("c1", "other");
  expect(await deleteConversations(parts(), flowId, { chatId: "c1", sessionId: "other" })).toBe(1);
  expect(commands).toEqual([["DEL", "other"]]);
  expect(await hasFile("c1")).toBe(true);
});

test("memories outside keep what they hold unless everything is to go", async () => {
  await deleteConversations(parts(), flowId, { startDate: new Date(Date.now() + 60_000) });
  expect(await deleteConversations(parts(), flowId, {})).toBe(2);
  expect(commands).toEqual([]);
  expect([await hasFile("c1"), await hasFile("c2")]).toEqual([false, false]);
  await say("c1", "s1");
  expect(await deleteConversations(parts(), flowId, {}, { hard: true })).toBe(1);
  expect(commands).toEqual([["DEL", "s1"]]);
});

test("while the memory is away, nothing is deleted", async () => {
  isAway = true;
  await expect(deleteConversations(parts(), flowId, { chatId: "c1" })).rejects.toMatchObject({
    code: "failed",
    message: expect.stringContaining("The flow's memory was not cleared: Redis on memory.example"),
  });
  expect(await listMessages(database.db, flowId)).toHaveLength(2);
  expect(await hasFile("c1")).toBe(true);
});
