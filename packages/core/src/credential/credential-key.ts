import { createHash, createSecretKey, type KeyObject, randomBytes, scrypt } from "node:crypto";
import type { Db } from "../database/open-database.ts";
import { AppError } from "../error.ts";

export interface CredentialKey {
  /** Tells keys apart in what they sealed; says nothing of the key. */
  id: Buffer;
  secret: KeyObject;
}

/** Fixed, since every process has to arrive at the same key from the secret alone. */
const salt = "sluice credential key 1";
const cost = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const settingName = "credential_key";

/** A key from any text, such as `FLOWISE_SECRETKEY_OVERWRITE`. Slow on purpose: once per process. */
export function credentialKeyFromText(text: string): Promise<CredentialKey> {
  return new Promise((resolve, reject) => {
    scrypt(text, salt, 32, cost, (error, bytes) =>
      error ? reject(error) : resolve(credentialKeyFromBytes(bytes)),
    );
  });
}

/** A key that is 32 random bytes already. */
export function credentialKeyFromBytes(bytes: Uint8Array): CredentialKey {
  if (bytes.length !== 32) throw new AppError("invalid", "A credential key has 32 bytes");
  const id = createHash("sha256").update("key id").update(bytes).digest().subarray(0, 4);
  return { id, secret: createSecretKey(bytes) };
}

/**
 * The key this installation made for itself, for when none is configured. It lies beside what it seals,
 * so it guards single columns and not a stolen database: configure one in production.
 */
export async function ensureCredentialKey(db: Db): Promise<CredentialKey> {
  const value = randomBytes(32).toString("base64");
  await db
    .insertInto("setting")
    .values({ name: settingName, value })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const row = await db
    .selectFrom("setting")
    .select("value")
    .where("name", "=", settingName)
    .executeTakeFirstOrThrow();
  return credentialKeyFromBytes(Buffer.from(row.value, "base64"));
}
