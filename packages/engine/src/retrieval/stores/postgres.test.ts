import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { afterAll, expect, test } from "vitest";
import { openVectorStore } from "../../knowledge.ts";
import { knowledgeServer } from "../knowledge-test-bench.ts";
import type { PostgresClients } from "../postgres-clients.ts";

const { signal } = new AbortController();
const texts = ["tea leaves", "roasted coffee", "yellow trams"];
const documents = texts.map((pageContent, i) => ({ pageContent, metadata: { page: { no: i } } }));

const databases = {
  vector: await PGlite.create({ extensions: { vector } }),
  plain: await PGlite.create(),
};
afterAll(() => Promise.all(Object.values(databases).map((database) => database.close())));
let tables = 0;

/** A store with a table of its own. */
async function openStore(
  config: Record<string, unknown> = {},
  kind: keyof typeof databases = "vector",
) {
  const server = await knowledgeServer();
  const database = databases[kind];
  const postgres: PostgresClients = {
    async query(_, statement, values) {
      const { rows } = await database.query<Record<string, unknown>>(statement, values);
      return rows;
    },
  };
  const vectorStore = {
    name: "postgres",
    config: {
      host: "db.example.com",
      database: "books",
      tableName: `t${++tables}`,
      topK: "2",
      ...config,
    },
  };
  const parts = { embedding: server.embedding, vectorStore };
  const store = await openVectorStore(parts, { ...server.services, postgres });
  return { store, database };
}

test("a store that names no host is the operator's, and one that does gets no password of his", async () => {
  const place = { host: "v", port: 1, database: "d", user: "u", password: "p", ssl: false };
  const server = await knowledgeServer();
  const asked: unknown[][] = [];
  const postgres: PostgresClients = {
    defaults: { place, table: "vectors" },
    async query(at, statement) {
      asked.push([at, /"(vectors|documents)"/.exec(statement)?.[1]]);
      return [];
    },
  };
  const open = (config: Record<string, unknown>) =>
    openVectorStore(
      { embedding: server.embedding, vectorStore: { name: "postgres", config } },
      { ...server.services, postgres },
    );
  await (await open({})).retrieve("tea", { signal });
  expect(asked.at(-1)).toEqual([place, "vectors"]);
  await (await open({ host: "mine", database: "m" })).retrieve("tea", { signal });
  expect(asked.at(-1)?.[0]).toMatchObject({ host: "mine", database: "m", user: "", password: "" });
});

test("a pgvector table is made, filled and asked", async () => {
  const { store, database } = await openStore({ tableName: "pages" });
  const ids = await store.add(documents, signal);
  const found = await store.retrieve("coffee, roasted", { signal });
  expect(found[0]).toEqual({
    id: ids[1],
    pageContent: "roasted coffee",
    metadata: { page: { no: 1 } },
  });
  expect(found).toHaveLength(2);
  const { rows } = await database.query('select "pageContent" from pages order by 1');
  expect(rows).toHaveLength(3);
});

test("a filter and deletions narrow what a pgvector table finds", async () => {
  const { store } = await openStore({ pgMetadataFilter: '{"page":{"no":2}}' });
  const ids = await store.add(documents, signal);
  expect(await store.retrieve("coffee", { signal })).toMatchObject([{ id: ids[2] }]);
  await store.delete([ids[2]!], signal);
  expect(await store.retrieve("coffee", { signal })).toEqual([]);
});

test("documents written again under their ids replace the earlier ones", async () => {
  const { store } = await openStore({ distanceStrategy: "euclidean" });
  const ids = await store.add(documents, signal);
  await store.add([{ pageContent: "green trams", metadata: {} }], signal, [ids[2]!]);
  const found = await store.retrieve("green trams", { signal });
  expect(found[0]).toEqual({ id: ids[2], pageContent: "green trams", metadata: {} });
});

test("documents uploaded in one conversation are found there only", async () => {
  const { store } = await openStore();
  const mine = { pageContent: "green trams", metadata: { flowise_chatId: "c1" } };
  await store.add([...documents, mine], signal);
  const found = async (filter: Record<string, unknown>) =>
    (await store.retrieve("green trams", { signal, filter })).map((one) => one.pageContent);
  expect(await found({})).not.toContain("green trams");
  expect(await found({ flowise_chatId: "c2" })).not.toContain("green trams");
  expect((await found({ flowise_chatId: "c1" }))[0]).toBe("green trams");
});

test("a table that nothing was written to holds nothing", async () => {
  const { store } = await openStore();
  expect(await store.retrieve("coffee", { signal })).toEqual([]);
});

test("a database without pgvector is refused with the remedy", async () => {
  const { store } = await openStore({}, "plain");
  const words =
    /The extension vector is missing in the database books on db\.example\.com; install pgvector/;
  await expect(store.add(documents, signal)).rejects.toThrow(words);
  await expect(store.retrieve("coffee", { signal })).rejects.toThrow(words);
});

test("vectors of another dimension than the table's are refused, and nothing is written", async () => {
  const { store, database } = await openStore({ tableName: "other_size" });
  await database.exec(`create table other_size
    (id uuid primary key default gen_random_uuid(), "pageContent" text, metadata jsonb, embedding vector);
    insert into other_size ("pageContent", metadata, embedding) values ('old', '{}', '[1,2,3]')`);
  await expect(store.add(documents, signal)).rejects.toThrow(
    /other_size holds vectors of 3 dimensions, and this embedding makes 26/,
  );
  const { rows } = await database.query("select 1 from other_size");
  expect(rows).toHaveLength(1);
});

test("a table's name cannot carry anything else", async () => {
  await expect(openStore({ tableName: "a; drop table b" })).rejects.toThrow(
    /not the name of a table/,
  );
});
