import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { notFound } from "../error.ts";
import { MaxConcurrent } from "../flow/flow-options.ts";
import { isRate, rateForm } from "../limit/rate-policy.ts";
import { parseInput } from "../parse-input.ts";
import { isKeyPermission, keyPermissions } from "./permission.ts";

export interface ApiKey extends Omit<Selectable<Database["api_key"]>, "permissions"> {
  permissions: string[];
}

const Permissions = z
  .array(z.string())
  .min(1, "at least one permission is needed")
  .refine((all) => all.every(isKeyPermission), "A key cannot hold workspace or admin permissions");

/** Keys of one tenant share its limit; a rate replaces the one for all keys. An empty text takes either away. */
const KeyLimits = z.object({
  tenant: z.string().max(100).nullish(),
  rateLimit: z
    .string()
    .refine((text) => text.trim() === "" || isRate(text), `rateLimit is not off or ${rateForm}`)
    .nullish(),
  /** In place of the cap for all keys; null takes it away. */
  maxConcurrent: MaxConcurrent.nullish(),
});

export const ApiKeyInput = KeyLimits.extend({
  keyName: z.string().min(1),
  permissions: Permissions,
});
export const ApiKeyPatch = ApiKeyInput.partial();

/** Makes a key. Its text is returned this once and kept nowhere. */
export async function createApiKey(db: Db, input: unknown): Promise<{ key: ApiKey; text: string }> {
  const { keyName, permissions, ...limits } = parseInput(ApiKeyInput, input);
  const text = randomBytes(32).toString("base64url");
  const row = await db
    .insertInto("api_key")
    .values({ ...newRow(text, keyName, permissions), ...limitColumns(limits) })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { key: toApiKey(row), text };
}

/** Lets in a key that the operator chose, with every permission. */
export async function ensureAdminKey(db: Db, text: string, keyName = "admin"): Promise<void> {
  await db
    .insertInto("api_key")
    .values(newRow(text, keyName, keyPermissions))
    .onConflict((conflict) => conflict.column("key_hash").doNothing())
    .execute();
}

/** Looks up by hash, so neither time nor errors tell how near a guess was. */
export async function findApiKey(db: Db, text: string): Promise<ApiKey | undefined> {
  const row = await db
    .selectFrom("api_key")
    .selectAll()
    .where("key_hash", "=", hashOf(text))
    .executeTakeFirst();
  return row && toApiKey(row);
}

export async function listApiKeys(db: Db): Promise<ApiKey[]> {
  const rows = await db
    .selectFrom("api_key")
    .selectAll()
    .orderBy("key_name")
    .orderBy("id")
    .execute();
  return rows.map(toApiKey);
}

export async function updateApiKey(db: Db, id: string, input: unknown): Promise<ApiKey> {
  const { keyName, permissions, ...limits } = parseInput(ApiKeyPatch, input);
  if (!isUuid(id)) throw notFound("API key", id);
  const row = await db
    .updateTable("api_key")
    .set({
      ...(keyName && { key_name: keyName }),
      ...(permissions && { permissions: JSON.stringify(permissions) }),
      ...limitColumns(limits),
      updated_date: new Date(),
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw notFound("API key", id);
  return toApiKey(row);
}

/** A flow that names the key stays closed: it takes no other instead. */
export async function deleteApiKey(db: Db, id: string): Promise<number> {
  if (!isUuid(id)) return 0;
  const result = await db.deleteFrom("api_key").where("id", "=", id).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** SHA-256 is enough: a key is 32 random bytes, not a password. */
export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What is not named stays as it is. */
const limitColumns = ({ tenant, rateLimit, maxConcurrent }: z.infer<typeof KeyLimits>) => ({
  ...(tenant !== undefined && { tenant: tenant?.trim() || null }),
  ...(rateLimit !== undefined && { rate_limit: rateLimit?.trim() || null }),
  ...(maxConcurrent !== undefined && { max_concurrent: maxConcurrent }),
});

function newRow(text: string, keyName: string, permissions: string[]) {
  return {
    id: randomUUID(),
    key_name: keyName,
    key_hash: hashOf(text),
    key_hint: text.slice(0, Math.min(6, Math.floor(text.length / 4))),
    permissions: JSON.stringify(permissions),
  };
}

function toApiKey(row: Selectable<Database["api_key"]>): ApiKey {
  return { ...row, permissions: JSON.parse(row.permissions) as string[] };
}
