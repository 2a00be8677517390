import { afterAll, expect, test } from "vitest";
import { openTestDatabase } from "../../../../test/database.ts";
import { openPostgresClients } from "./open-postgres-clients.ts";

const database = await openTestDatabase({ migrate: false });
const clients = openPostgresClients({
  securityCheck: true,
  denyList: [],
  allowList: ["127.0.0.1"],
});
afterAll(async () => {
  await clients.close();
  await database.close();
});

const url = new URL(database.url);
const place = {
  host: url.hostname,
  port: Number(url.port),
  database: url.pathname.slice(1),
  user: decodeURIComponent(url.username),
  password: decodeURIComponent(url.password),
  ssl: false,
};

test("a database that a flow names answers", async () => {
  const rows = await clients.query(place, "select $1::text[] as list", [["a", "b"]], never());
  expect(rows).toEqual([{ list: ["a", "b"] }]);
});

test("a database at a private address is refused where the operator does not allow it", async () => {
  const guarded = openPostgresClients({ securityCheck: true, denyList: [], allowList: [] });
  const words = /Access to (127\.0\.0\.1|localhost) is denied/;
  await expect(guarded.query(place, "select 1", [], never())).rejects.toThrow(words);
  const named = { ...place, host: "localhost" };
  await expect(guarded.query(named, "select 1", [], never())).rejects.toThrow(words);
  await guarded.close();
});

test("a statement ends with the run that waits for it", async () => {
  const stop = new AbortController();
  const waiting = clients.query(place, "select pg_sleep(30)", [], stop.signal);
  setTimeout(() => stop.abort(new Error("stopped")), 100);
  await expect(waiting).rejects.toThrow("stopped");
  expect(await clients.query(place, "select 1 as one", [], never())).toEqual([{ one: 1 }]);
});

const never = () => new AbortController().signal;
