import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import { sweep } from "./sweep.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const before = new Date("2026-01-01T00:00:00Z");
const old = "2025-12-01T00:00:00Z";
const young = "2026-02-01T00:00:00Z";
const none = { delete: async () => {} };

/** Rows with the ids `<name>-<n>`. */
async function predictions(name: string, count: number, state: string, createdAt: string) {
  await database.pool.query(
    `insert into prediction (id, flow_id, flow_version, chat_id, session_id, state, created_at, job)
     select $1 || '-' || n, gen_random_uuid(), 1, 'c', 's', $3, $4, '{"request":{"object":"requests/' || n || '"}}'
     from generate_series(1, $2) n`,
    [name, count, state, createdAt],
  );
}

async function left(): Promise<Record<string, number>> {
  const { rows } = await database.pool.query<{ name: string; count: number }>(
    "select split_part(id, '-', 1) as name, count(*)::int from prediction group by 1",
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

test("old rows go in batches; young ones and those at work stay", async () => {
  await predictions("old", 1200, "succeeded", old);
  await predictions("paused", 1, "paused", old);
  await predictions("queued", 2, "queued", old);
  await predictions("young", 3, "failed", young);
  const deleted: string[] = [];
  const objects = { delete: async (key: string) => void deleted.push(key) };
  let batches = 0;
  const goesOn = async () => batches++ >= 0;
  expect(await sweep({ db: database.db, objects }, before, goesOn)).toBe(1201);
  expect(await left()).toEqual({ queued: 2, young: 3 });
  expect(deleted).toHaveLength(1201);
  // Five other tables, and three batches of this one.
  expect(batches).toBe(8);
  expect(await sweep({ db: database.db, objects: none }, before)).toBe(0);
});

test("messages, feedback, executions and ended deliveries go, too", async () => {
  for (const date of [old, young]) {
    const { pool } = database;
    const flow = crypto.randomUUID();
    await pool.query(
      `insert into chat_message (id, role, chatflowid, content, chat_type, chat_id, created_date)
       values (gen_random_uuid(), 'userMessage', $1, 'hi', 'EXTERNAL', 'c', $2)`,
      [flow, date],
    );
    await pool.query(
      `insert into chat_message_feedback (id, chatflowid, chat_id, message_id, created_date)
       values (gen_random_uuid(), $1, 'c', gen_random_uuid(), $2)`,
      [flow, date],
    );
    await pool.query(
      `insert into execution (id, agentflow_id, session_id, state, execution_data, updated_date)
       values (gen_random_uuid(), $1, 's', 'FINISHED', '[]', $2)`,
      [flow, date],
    );
    for (const state of ["pending", "delivered"])
      await pool.query(
        `insert into webhook_delivery (id, prediction_id, event, url, payload, state, created_at)
         values (gen_random_uuid(), 'p', 'e', 'u', '{}', $1, $2)`,
        [state, date],
      );
  }
  expect(await sweep({ db: database.db, objects: none }, before)).toBe(4);
  const counts = await database.pool.query(
    `select (select count(*) from chat_message)::int as messages, (select count(*) from execution)::int as executions,
      (select count(*) from webhook_delivery)::int as deliveries`,
  );
  expect(counts.rows[0]).toEqual({ messages: 1, executions: 1, deliveries: 3 });
});

test("a row that somebody holds is passed over, not waited for", async () => {
  await predictions("held", 1, "succeeded", old);
  await predictions("free", 1, "succeeded", old);
  const holder = await database.pool.connect();
  await holder.query("begin");
  await holder.query("select 1 from prediction where id = 'held-1' for update");
  const startedAt = Date.now();
  expect(await sweep({ db: database.db, objects: none }, before)).toBe(1);
  expect(Date.now() - startedAt).toBeLessThan(2000);
  await holder.query("rollback");
  holder.release();
  expect(await left()).toMatchObject({ held: 1 });
});

test("files go with the last message that names them", async () => {
  const { pool } = database;
  const flow = crypto.randomUUID();
  const uploads = (...names: string[]) =>
    JSON.stringify(
      names.map((name) => ({
        type: name.endsWith(".md") ? "stored-file:full" : "stored-file",
        name,
      })),
    );
  const made = JSON.stringify([{ type: "png", data: "FILE-STORAGE::made.png" }]);
  const say = (date: string, files: string | null, artifacts: string | null) =>
    pool.query(
      `insert into chat_message (id, role, chatflowid, content, chat_type, chat_id, created_date, file_uploads, artifacts)
       values (gen_random_uuid(), 'userMessage', $1, 'hi', 'EXTERNAL', 'c', $2, $3, $4)`,
      [flow, date, files, artifacts],
    );
  await say(old, uploads("once.png", "again.png", "whole.md"), made);
  await say(old, "not json", null);
  await say(young, uploads("again.png"), null);
  const deleted: string[] = [];
  const objects = { delete: async (key: string) => void deleted.push(key) };
  await sweep({ db: database.db, objects }, before);
  const uploaded = deleted.filter((key) => key.startsWith("uploads/"));
  expect(uploaded.toSorted()).toEqual(
    [".text/whole.md", "made.png", "once.png", "whole.md"].map(
      (name) => `uploads/${flow}/c/${name}`,
    ),
  );
});
