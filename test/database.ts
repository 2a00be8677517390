import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { migrateToLatest } from "../packages/core/src/database/migrate.ts";
import { type OpenDatabase, openDatabase } from "../packages/core/src/database/open-database.ts";

export interface TestDatabase extends OpenDatabase {
  url: string;
}

/**
 * A migrated database of the caller's own; `close` drops it.
 * @example const database = await openTestDatabase(); afterAll(() => database.close());
 */
export async function openTestDatabase({ migrate = true } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await onServer(`create database ${name}`);
  const url = new URL(`/${name}`, inject("postgresUrl")).toString();
  if (migrate) await migrateToLatest({ url });
  const database = openDatabase({ url, maxConnections: 4 });
  return {
    ...database,
    url,
    async close() {
      await database.close();
      await onServer(`drop database ${name} with (force)`);
    },
  };
}

async function onServer(statement: string): Promise<void> {
  const server = openDatabase({ url: inject("postgresUrl"), maxConnections: 1 });
  await server.pool.query(statement).finally(() => server.close());
}
