import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import { migrateToLatest } from "./migrate.ts";
import { migrations } from "./migrations.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase({ migrate: false });
});
afterAll(() => database.close());

test("processes that migrate at once run every migration exactly once", async () => {
  const ran = await Promise.all([1, 2, 3, 4].map(() => migrateToLatest(database)));
  expect(ran.flat().toSorted()).toEqual(Object.keys(migrations));
});

test("a migrated database is left as it is", async () => {
  expect(await migrateToLatest(database)).toEqual([]);
});

test("the wait for another process that migrates has an end", async () => {
  const holder = await database.pool.connect();
  await holder.query("select pg_advisory_lock(7583920164)");
  await expect(migrateToLatest(database, { waitMs: 200 })).rejects.toThrow(/lock timeout/);
  await holder.query("select pg_advisory_unlock(7583920164)");
  holder.release();
});
