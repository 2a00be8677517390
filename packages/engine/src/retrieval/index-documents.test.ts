import { PGlite } from "@electric-sql/pglite";
import { afterAll, expect, test } from "vitest";
import type { Document } from "./document.ts";
import { HalfIndexed, HandedBack, indexDocuments } from "./index-documents.ts";
import type { PostgresClients } from "./postgres-clients.ts";
import { openPostgresRecordManager } from "./postgres-record-manager.ts";
import type { VectorStore } from "./vector-store.ts";

const database = await PGlite.create();
afterAll(() => database.close());
const { signal } = new AbortController();
const idOf = (index: number) => `id-${index}`;
const many = (count: number): Document[] =>
  Array.from({ length: count }, (_, i) => ({ pageContent: `text ${i}`, metadata: {} }));

let tables = 0;
function openRecords(inputs: Record<string, unknown> = {}) {
  const postgres: PostgresClients = {
    query: async (_, statement, values) =>
      (await database.query<Record<string, unknown>>(statement, values)).rows,
  };
  const setting = {
    inputs: { host: "db", database: "books", tableName: `records_${++tables}`, ...inputs },
    credential: {},
    fetch: () => Promise.reject(new Error("not used")),
    baseUrls: {},
    postgres,
  };
  return openPostgresRecordManager(setting, "flow-1");
}

/** A store that fails from its n-th batch on, and cannot delete either while it is away. */
function openStore({ failsAt = Number.POSITIVE_INFINITY, away = false } = {}) {
  const held = new Map<string, string>();
  const state = { failsAt, away, batches: 0 };
  const store: VectorStore = {
    kind: "vectorStore",
    place: "shelf",
    async add(documents, _, ids = []) {
      for (const [i, { pageContent }] of documents.entries()) held.set(ids[i]!, pageContent);
      if (++state.batches >= state.failsAt) throw new Error("the store is away");
      return ids;
    },
    async delete(ids) {
      if (state.away) throw new Error("still away");
      for (const id of ids) held.delete(id);
    },
    retrieve: () => Promise.reject(new Error("not used")),
  };
  return { store, held, state };
}

const said = (text: string, source = "a"): Document => ({
  pageContent: text,
  metadata: { source },
});

test("without records everything is added under ids that a repetition has, too", async () => {
  const { store, held } = openStore();
  const result = await indexDocuments(store, many(450), { signal, idOf });
  await indexDocuments(store, many(450), { signal, idOf });
  expect(result.numAdded).toBe(450);
  expect(Object.keys(result)).toEqual(["numAdded", "addedDocs"]);
  expect(held.size).toBe(450);
});

test("an upsert that fails in its last batch leaves nothing behind", async () => {
  const { store, held } = openStore({ failsAt: 3 });
  await expect(indexDocuments(store, many(450), { signal, idOf })).rejects.toThrow(
    "the store is away",
  );
  expect(held.size).toBe(0);
});

test("what cannot be taken out again is told to the caller", async () => {
  const { store } = openStore({ failsAt: 2, away: true });
  const failure = await indexDocuments(store, many(450), { signal, idOf }).catch((e) => e);
  expect(failure).toBeInstanceOf(HalfIndexed);
  expect(failure.message).toBe(
    "the store is away (400 chunks that may be in the store are taken out at the next upsert)",
  );
  expect(failure.left).toHaveLength(400);
});

test("an upsert that goes on elsewhere takes nothing out", async () => {
  const { store, held } = openStore({ failsAt: 2 });
  const stop = new AbortController();
  stop.abort(new HandedBack());
  const options = { signal: stop.signal, idOf };
  await expect(indexDocuments(store, many(450), options)).rejects.toThrow("Handed back");
  expect(held.size).toBe(0);
});

test("with records what is there is skipped, and nothing else is touched without cleanup", async () => {
  const { store, held } = openStore();
  const records = openRecords();
  const upsert = (...documents: Document[]) =>
    indexDocuments(store, documents, { signal, idOf, records });
  expect(await upsert(said("tea"), said("coffee"), said("tea"))).toMatchObject({ numAdded: 2 });
  const second = await upsert(said("tea"), said("trams"));
  expect(second).toEqual({
    numAdded: 1,
    numSkipped: 1,
    numUpdated: 0,
    numDeleted: 0,
    addedDocs: [said("trams")],
  });
  expect([...held.values()].sort()).toEqual(["coffee", "tea", "trams"]);
});

test("incremental cleanup takes out what the same sources no longer say", async () => {
  const { store, held } = openStore();
  const records = openRecords({ cleanup: "incremental" });
  const upsert = (...documents: Document[]) =>
    indexDocuments(store, documents, { signal, idOf, records });
  await upsert(said("tea"), said("coffee"), said("trams", "b"));
  expect(await upsert(said("tea"), said("cocoa"))).toMatchObject({
    numAdded: 1,
    numSkipped: 1,
    numDeleted: 1,
  });
  expect([...held.values()].sort()).toEqual(["cocoa", "tea", "trams"]);
  await expect(upsert({ pageContent: "x", metadata: {} })).rejects.toThrow(
    /no metadata "source", by which incremental cleanup/,
  );
});

test("full cleanup takes out whatever this upsert did not bring", async () => {
  const { store, held } = openStore();
  const records = openRecords({ cleanup: "full" });
  await indexDocuments(store, [said("tea"), said("trams", "b")], { signal, idOf, records });
  const result = await indexDocuments(store, [said("tea")], { signal, idOf, records });
  expect(result).toMatchObject({ numAdded: 0, numSkipped: 1, numDeleted: 1 });
  expect([...held.values()]).toEqual(["tea"]);
});

test("a failed upsert records nothing, keeps what was there and is repeated whole", async () => {
  const { store, held, state } = openStore();
  const records = openRecords({ cleanup: "full" });
  await indexDocuments(store, [said("tea")], { signal, idOf, records });
  state.failsAt = 2;
  await expect(indexDocuments(store, [said("coffee")], { signal, idOf, records })).rejects.toThrow(
    "the store is away",
  );
  expect([...held.values()]).toEqual(["tea"]);
  state.failsAt = Number.POSITIVE_INFINITY;
  const again = await indexDocuments(store, [said("coffee")], { signal, idOf, records });
  expect(again).toMatchObject({ numAdded: 1, numDeleted: 1 });
  expect([...held.values()]).toEqual(["coffee"]);
});

test("records stand in the columns that LangChain gave them, each place apart", async () => {
  const { store } = openStore();
  const records = openRecords({ tableName: "upsertion_records", namespace: "mine" });
  await indexDocuments(store, [said("tea")], { signal, idOf, records });
  const { rows } = await database.query("select namespace, group_id from upsertion_records");
  expect(rows).toEqual([{ namespace: "mine_shelf", group_id: "a" }]);
});
