import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import { deleteMessages, listMessages, type MessageQuery } from "./chat-message.ts";
import { createFeedback, listFeedback, updateFeedback } from "./feedback.ts";
import { openPastMessages } from "./past-messages.ts";
import { toMessageReply } from "./wire.ts";

let database: TestDatabase;
let flowId: string;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => {
  flowId = randomUUID();
});

/** One question and its answer. */
async function exchange(question: string, session = "s1", more = {}) {
  const executionId = randomUUID();
  const ids = [randomUUID(), randomUUID()] as const;
  const shared = { chatflowid: flowId, chat_id: session, session_id: session };
  const common = { ...shared, execution_id: executionId, chat_type: "EXTERNAL" };
  await database.db
    .insertInto("execution")
    .values({
      id: executionId,
      agentflow_id: flowId,
      session_id: session,
      state: "FINISHED",
      execution_data: "[]",
    })
    .execute();
  await database.db
    .insertInto("chat_message")
    .values([
      { ...common, id: ids[0], role: "userMessage", content: question },
      { ...common, id: ids[1], role: "apiMessage", content: `re ${question}`, ...more },
    ])
    .execute();
  return { executionId, answerId: ids[1] };
}

const contents = async (query: MessageQuery = {}) =>
  (await listMessages(database.db, flowId, query)).map((message) => message.content);

test("memory reads the newest messages of a session, oldest first", async () => {
  await exchange("one");
  await exchange("other", "s2");
  await exchange("two", "s1", { used_tools: '[{"tool":"calculator"}]' });
  expect(await openPastMessages(database.pool, 3)({ flowId, sessionId: "s1" })).toEqual([
    { role: "assistant", content: "re one" },
    { role: "user", content: "two" },
    {
      role: "assistant",
      content: "re two",
      additional_kwargs: { usedTools: [{ tool: "calculator" }] },
    },
  ]);
});

test("conversations asked for at once are told apart", async () => {
  await exchange("one");
  await exchange("other", "s2");
  const read = openPastMessages(database.pool);
  const asked = ["s2", "nobody's", "s1", "s2"].map((sessionId) => read({ flowId, sessionId }));
  const contents = (await Promise.all(asked)).map((all) => all.map(({ content }) => content));
  expect(contents).toEqual([["other", "re other"], [], ["one", "re one"], ["other", "re other"]]);
});

describe("messages are listed", () => {
  test("in the order of their making, either way", async () => {
    await exchange("one");
    await exchange("two");
    expect(await contents()).toEqual(["one", "re one", "two", "re two"]);
    expect(await contents({ order: "DESC" })).toEqual(["re two", "two", "re one", "one"]);
  });

  test("by every filter", async () => {
    const { answerId } = await exchange("one");
    await exchange("two", "s2", { chat_type: "INTERNAL", memory_type: "Buffer Memory" });
    expect(await contents({ chatId: "s2" })).toEqual(["two", "re two"]);
    expect(await contents({ sessionId: "s1" })).toEqual(["one", "re one"]);
    expect(await contents({ chatTypes: ["INTERNAL"] })).toEqual(["re two"]);
    expect(await contents({ memoryType: "Buffer Memory" })).toEqual(["re two"]);
    expect(await contents({ messageId: answerId })).toEqual(["re one"]);
    expect(await contents({ messageId: "nonsense" })).toEqual([]);
    expect(await contents({ startDate: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await contents({ endDate: new Date(Date.now() - 60_000) })).toEqual([]);
  });

  test("with the run they came from, and JSON columns parsed", async () => {
    const { executionId } = await exchange("one", "s1", { artifacts: "[1]" });
    const [, answer] = await listMessages(database.db, flowId);
    expect(toMessageReply(answer!)).toMatchObject({
      executionId,
      artifacts: [1],
      usedTools: null,
      execution: { id: executionId, executionData: "[]", state: "FINISHED" },
    });
    expect(toMessageReply(answer!)).not.toHaveProperty("feedback");
  });

  test("with feedback, by rating and in pages of sessions", async () => {
    const { answerId } = await exchange("one");
    await exchange("two");
    await exchange("three", "s2");
    await createFeedback(database.db, flowId, { messageId: answerId, rating: "THUMBS_DOWN" });
    expect(await contents({ feedback: true, ratings: ["THUMBS_DOWN"] })).toEqual(["one", "re one"]);
    expect(await contents({ feedback: true, page: 1, limit: 1 })).toEqual(["three", "re three"]);
    const rated = await listMessages(database.db, flowId, { feedback: true, messageId: answerId });
    expect(rated[0]?.feedback).toMatchObject({ rating: "THUMBS_DOWN" });
  });
});

test("deleting a chat takes its feedback along, and its runs when asked", async () => {
  const { db } = database;
  const { answerId } = await exchange("one");
  await exchange("two", "s2");
  await createFeedback(db, flowId, { messageId: answerId, rating: "THUMBS_UP" });
  expect(await deleteMessages(db, flowId, { chatId: "s1" })).toBe(2);
  expect(await listFeedback(db, flowId)).toEqual([]);
  const runs = () => db.selectFrom("execution").where("agentflow_id", "=", flowId).execute();
  expect(await runs()).toHaveLength(2);
  expect(await deleteMessages(db, flowId, {}, { executions: true })).toBe(2);
  expect(await runs()).toHaveLength(1);
  expect(await contents()).toEqual([]);
});

test("a message has one opinion, of its own flow and chat", async () => {
  const { db } = database;
  const { answerId: messageId } = await exchange("one");
  const row = await createFeedback(db, flowId, { messageId, chatId: "s1", rating: "THUMBS_UP" });
  expect(row).toMatchObject({ chatflowid: flowId, chat_id: "s1", content: null });
  const again = createFeedback(db, flowId, { messageId, rating: "THUMBS_UP" });
  await expect(again).rejects.toMatchObject({ code: "conflict" });
  const attempts: [string, object, string][] = [
    [randomUUID(), { messageId }, "invalid"],
    [flowId, { messageId, chatId: "s2" }, "invalid"],
    [flowId, { messageId, rating: "MEH" }, "invalid"],
    [flowId, { messageId: randomUUID() }, "not_found"],
  ];
  for (const [id, input, code] of attempts)
    await expect(createFeedback(db, id, input)).rejects.toMatchObject({ code });
  expect(await updateFeedback(db, row.id, { content: "thanks" })).toMatchObject({
    rating: "THUMBS_UP",
    content: "thanks",
  });
  expect(await updateFeedback(db, row.id, {})).toMatchObject({ content: "thanks" });
});
