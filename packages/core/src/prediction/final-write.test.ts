import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import { openTcpProxy } from "../../../../test/tcp-proxy.ts";
import { openDatabase } from "../database/open-database.ts";
import { type FinalWrite, openFinalWriter } from "./final-write.ts";
import { newId, newPredictionId, type PredictionState } from "./prediction.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database?.close());

function newWrite(more: Partial<FinalWrite["prediction"]> = {}): FinalWrite {
  const now = new Date();
  return {
    prediction: {
      id: newPredictionId(),
      flowId: newId(),
      flowVersion: 1,
      chatId: "chat",
      sessionId: "chat",
      state: "succeeded",
      fence: 1,
      segment: 0,
      result: "{}",
      error: null,
      executionId: newId(),
      createdAt: now,
      startedAt: now,
      finishedAt: now,
      events: "[]",
      checkpoint: null,
      ...more,
    },
    execution: { state: "FINISHED", data: "[]", action: null, stoppedAt: null },
    messages: (["userMessage", "apiMessage"] as const).map((role, i) => ({
      id: newId(),
      role,
      content: role,
      chatType: "EXTERNAL",
      createdAt: new Date(now.getTime() + i),
    })),
  };
}

async function stored({ prediction }: FinalWrite) {
  const { pool } = database;
  const one = await pool.query("select state, fence, error from prediction where id = $1", [
    prediction.id,
  ]);
  const count = async (table: string, column: string) =>
    (await pool.query(`select 1 from ${table} where ${column} = $1`, [prediction.executionId]))
      .rowCount;
  return {
    row: one.rows[0],
    messages: await count("chat_message", "execution_id"),
    executions: await count("execution", "id"),
  };
}
const again = (write: FinalWrite, more: Partial<FinalWrite["prediction"]>): FinalWrite => ({
  ...newWrite({ ...write.prediction, ...more }),
});

test("a prediction, its execution and its messages are written together", async () => {
  const writer = openFinalWriter(database.pool);
  const writes = Array.from({ length: 300 }, () => newWrite());
  const won = await Promise.all(writes.map((write) => writer.write(write)));
  await writer.idle();
  expect(won.every(Boolean)).toBe(true);
  for (const write of [writes[0]!, writes[299]!])
    expect(await stored(write)).toMatchObject({ messages: 2, executions: 1 });
});

test.each(["succeeded", "failed", "canceled", "expired"] as PredictionState[])(
  "what has %s is never left, by no fence",
  async (state) => {
    const writer = openFinalWriter(database.pool);
    const write = newWrite({ state, fence: 2 });
    expect(await writer.write(write)).toBe(true);
    for (const fence of [1, 2, 3])
      expect(await writer.write(again(write, { state: "failed", error: "late", fence }))).toBe(
        false,
      );
    expect(await stored(write)).toEqual({
      row: { state, fence: 2, error: null },
      messages: 2,
      executions: 1,
    });
  },
);

test("of two attempts the later fence wins, and the earlier writes nothing after it", async () => {
  const writer = openFinalWriter(database.pool);
  const write = newWrite({ state: "paused", fence: 3 });
  expect(await writer.write(write)).toBe(true);
  expect(await writer.write(again(write, { state: "succeeded", fence: 2 }))).toBe(false);
  expect(await writer.write(again(write, { state: "succeeded", fence: 3 }))).toBe(true);
  expect((await stored(write)).row).toMatchObject({ state: "succeeded", fence: 3 });
});

test("one that cannot be stored fails alone", async () => {
  const writer = openFinalWriter(database.pool);
  const bad = newWrite({ flowId: "not a uuid" });
  const good = [newWrite(), newWrite()];
  const results = await Promise.allSettled(
    [good[0]!, bad, good[1]!].map((write) => writer.write(write)),
  );
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  for (const write of good) expect(await stored(write)).toMatchObject({ messages: 2 });
  expect((await stored(bad)).row).toBeUndefined();
});

test("characters that Postgres cannot keep are left out, not refused", async () => {
  const writer = openFinalWriter(database.pool);
  const write = newWrite({ state: "failed", error: "a\u0000b\ud800c" });
  expect(await writer.write(write)).toBe(true);
  expect((await stored(write)).row.error).toBe("ab\ufffdc");
});

test("while Postgres is away an end waits for it", async () => {
  const proxy = await openTcpProxy(inject("postgresUrl"));
  const url = new URL(database.url);
  url.host = new URL(proxy.url).host;
  const through = openDatabase({ url: url.toString(), maxConnections: 2 });
  const writer = openFinalWriter(through.pool);
  try {
    proxy.cut();
    const write = newWrite();
    let written = false;
    const writing = writer.write(write).then((won) => {
      written = won;
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(written).toBe(false);
    proxy.restore();
    await writing;
    expect(await stored(write)).toMatchObject({ row: { state: "succeeded" }, messages: 2 });
  } finally {
    await through.close();
    await proxy.close();
  }
});

test("what Postgres never takes is given up in the end", async () => {
  const through = openDatabase({ url: "postgres://nobody@127.0.0.1:1/none", maxConnections: 1 });
  const writer = openFinalWriter(through.pool, { giveUpMs: 300 });
  await expect(writer.write(newWrite())).rejects.toThrow();
  await through.close();
});
