import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import {
  createApiKey,
  deleteApiKey,
  ensureAdminKey,
  findApiKey,
  listApiKeys,
  updateApiKey,
} from "./api-key.ts";
import { keyPermissions } from "./permission.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const permissions = ["chatflows:view"];

test("a key is found by its text, which is kept nowhere", async () => {
  const { key, text } = await createApiKey(database.db, { keyName: "k", permissions });
  expect(text).toHaveLength(43);
  expect(await findApiKey(database.db, text)).toEqual(key);
  expect(await findApiKey(database.db, `${text}x`)).toBeUndefined();
  expect(JSON.stringify(await listApiKeys(database.db))).not.toContain(text);
});

test("a key is renamed, given other permissions and taken away", async () => {
  const { key, text } = await createApiKey(database.db, { keyName: "old", permissions });
  const changed = await updateApiKey(database.db, key.id, {
    keyName: "new",
    permissions: ["tools:view"],
  });
  expect(changed).toMatchObject({ key_name: "new", permissions: ["tools:view"] });
  expect(await deleteApiKey(database.db, key.id)).toBe(1);
  expect(await findApiKey(database.db, text)).toBeUndefined();
  await expect(updateApiKey(database.db, key.id, { keyName: "x" })).rejects.toThrow("not found");
});

test("a key is given a tenant and a rate, which stay until they are taken away", async () => {
  const limits = { tenant: "acme", rateLimit: "5/1s" };
  const { key } = await createApiKey(database.db, { keyName: "k", permissions, ...limits });
  expect(key).toMatchObject({ tenant: "acme", rate_limit: "5/1s" });
  const renamed = await updateApiKey(database.db, key.id, { keyName: "new" });
  expect(renamed).toMatchObject({ tenant: "acme", rate_limit: "5/1s" });
  const freed = await updateApiKey(database.db, key.id, { tenant: null, rateLimit: "" });
  expect(freed).toMatchObject({ tenant: null, rate_limit: null });
  await expect(updateApiKey(database.db, key.id, { rateLimit: "lots" })).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringContaining("rateLimit is not off or a rate such as"),
  });
});

test("a key needs a permission, and none of a person who logs in", async () => {
  for (const list of [[], ["workspace:export"], ["admin:all"]])
    await expect(
      createApiKey(database.db, { keyName: "x", permissions: list }),
    ).rejects.toMatchObject({ code: "invalid" });
});

test("the operator's key is let in once, with everything a key may do", async () => {
  await Promise.all([1, 2].map(() => ensureAdminKey(database.db, "chosen by the operator")));
  const key = await findApiKey(database.db, "chosen by the operator");
  expect(key?.permissions).toEqual(keyPermissions);
  const admins = (await listApiKeys(database.db)).filter((one) => one.key_name === "admin");
  expect(admins).toHaveLength(1);
});
