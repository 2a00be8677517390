import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../../../test/database.ts";
import {
  createCredential,
  deleteCredential,
  listCredentials,
  readCredential,
  redacted,
  redactedFields,
  updateCredential,
} from "./credential.ts";
import {
  type CredentialKey,
  credentialKeyFromText,
  ensureCredentialKey,
} from "./credential-key.ts";
import { seal, unseal } from "./seal.ts";

let database: TestDatabase;
let key: CredentialKey;
let otherKey: CredentialKey;
beforeAll(async () => {
  database = await openTestDatabase();
  [key, otherKey] = await Promise.all([credentialKeyFromText("one"), credentialKeyFromText("two")]);
});
afterAll(() => database.close());

const input = {
  name: "mine",
  credentialName: "openAIApi",
  plainDataObj: { openAIApiKey: "sk-secret", basepath: "http://a", empty: "", port: 1 },
};

test("what was sealed opens with the same key and the same purpose only", () => {
  const sealed = seal(key, "text", "credential:1");
  expect(unseal(key, sealed, "credential:1").toString()).toBe("text");
  expect(() => unseal(key, sealed, "credential:2")).toThrow("damaged");
  expect(() => unseal(otherKey, sealed, "credential:1")).toThrow("sealed with another key");
  for (let at = 0; at < sealed.length; at++) {
    const bent = Buffer.from(sealed);
    bent[at] = bent[at]! ^ 1;
    expect(() => unseal(key, bent, "credential:1")).toThrow(/damaged|another key/);
  }
  expect(() => unseal(key, sealed.subarray(0, 20), "credential:1")).toThrow("damaged");
});

test("the same text is the same key in every process", async () => {
  const again = await credentialKeyFromText("one");
  expect(unseal(again, seal(key, "text", "x"), "x").toString()).toBe("text");
});

test("processes that make up a key at once agree on one", async () => {
  const keys = await Promise.all([1, 2, 3].map(() => ensureCredentialKey(database.db)));
  expect(new Set(keys.map(({ id }) => id.toString("hex"))).size).toBe(1);
});

test("a credential is stored sealed, shown redacted and read in full", async () => {
  const row = await createCredential(database.db, key, input);
  expect(row.sealed.includes("sk-secret")).toBe(false);
  expect(await readCredential(database.db, key, row.id)).toEqual({
    ...input.plainDataObj,
    port: "1",
  });
  const shown = redactedFields(key, row);
  expect(shown).toEqual({ openAIApiKey: redacted, basepath: redacted, empty: "", port: redacted });
});

test("a redacted field that comes back keeps its secret", async () => {
  const { id } = await createCredential(database.db, key, input);
  const plainDataObj = { openAIApiKey: redacted, basepath: "http://b" };
  const row = await updateCredential(database.db, key, id, { name: "new", plainDataObj });
  expect(row).toMatchObject({ name: "new", credential_name: "openAIApi" });
  expect(await readCredential(database.db, key, id)).toMatchObject({
    openAIApiKey: "sk-secret",
    basepath: "http://b",
  });
});

test("credentials are listed by component and gone once deleted", async () => {
  const { db } = database;
  const { id } = await createCredential(db, key, { ...input, credentialName: "pineconeApi" });
  const names = { credentialNames: ["pineconeApi"] };
  expect((await listCredentials(db, names)).data.map((row) => row.id)).toEqual([id]);
  expect(await deleteCredential(db, id)).toBe(1);
  await expect(readCredential(db, key, id)).rejects.toMatchObject({ code: "not_found" });
  await expect(readCredential(db, key, "nonsense")).rejects.toMatchObject({ code: "not_found" });
  await expect(updateCredential(db, key, randomUUID(), {})).rejects.toThrow("not found");
});
