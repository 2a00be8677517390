import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import { type Page, type Paged, paged } from "../database/page.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { notFound } from "../error.ts";
import { parseInput } from "../parse-input.ts";
import type { CredentialKey } from "./credential-key.ts";
import { seal, unseal } from "./seal.ts";

/** A stored credential: its row. */
export type Credential = Selectable<Database["credential"]>;
type Fields = Record<string, unknown>;

/** What Flowise shows in place of a secret. */
export const redacted = "_FLOWISE_BLANK_07167752-1a71-43b1-bf8f-4f32252165db";

export const CredentialInput = z.object({
  name: z.string().min(1),
  credentialName: z.string().min(1),
  plainDataObj: z.record(z.string(), z.unknown()),
});
export const CredentialPatch = CredentialInput.partial();

export async function createCredential(
  db: Db,
  key: CredentialKey,
  input: unknown,
): Promise<Credential> {
  const { name, credentialName, plainDataObj } = parseInput(CredentialInput, input);
  const id = randomUUID();
  const sealed = sealFields(key, id, plainDataObj);
  return db
    .insertInto("credential")
    .values({ id, name, credential_name: credentialName, sealed })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function getCredential(db: Db, id: string): Promise<Credential> {
  if (!isUuid(id)) throw notFound("Credential", id);
  const row = await byId(db, id).executeTakeFirst();
  if (!row) throw notFound("Credential", id);
  return row;
}

/** By component types, if any are given; newest first. */
export async function listCredentials(
  db: Db,
  { credentialNames = [], ...page }: Page & { credentialNames?: string[] } = {},
): Promise<Paged<Credential>> {
  let query = db.selectFrom("credential").selectAll();
  if (credentialNames.length > 0) query = query.where("credential_name", "in", credentialNames);
  return paged(query.orderBy("created_date", "desc").orderBy("id"), page);
}

/** Changes what is given. A field that comes back as `redacted` keeps its secret. */
export async function updateCredential(
  db: Db,
  key: CredentialKey,
  id: string,
  input: unknown,
): Promise<Credential> {
  const { name, credentialName, plainDataObj = {} } = parseInput(CredentialPatch, input);
  return db.transaction().execute(async (tx) => {
    const row = isUuid(id) ? await byId(tx, id).forUpdate().executeTakeFirst() : undefined;
    if (!row) throw notFound("Credential", id);
    const given = Object.entries(plainDataObj).filter(([, value]) => value !== redacted);
    const sealed =
      given.length > 0
        ? sealFields(key, id, { ...openFields(key, row), ...Object.fromEntries(given) })
        : row.sealed;
    return tx
      .updateTable("credential")
      .set({
        name: name ?? row.name,
        credential_name: credentialName ?? row.credential_name,
        sealed,
        updated_date: new Date(),
      })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
  });
}

export async function deleteCredential(db: Db, id: string): Promise<number> {
  if (!isUuid(id)) return 0;
  const result = await db.deleteFrom("credential").where("id", "=", id).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** The names of a credential's fields, every value hidden: which ones are secret is not known here. */
export function redactedFields(key: CredentialKey, row: Credential): Record<string, string> {
  const fields = Object.entries(openFields(key, row));
  return Object.fromEntries(fields.map(([name, value]) => [name, value === "" ? "" : redacted]));
}

/** The secrets themselves, for a node that runs. Never for a reply. */
export async function readCredential(
  db: Db,
  key: CredentialKey,
  id: string,
): Promise<Record<string, string>> {
  const fields = Object.entries(openFields(key, await getCredential(db, id)));
  return Object.fromEntries(
    fields.map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

const byId = (db: Db, id: string) => db.selectFrom("credential").selectAll().where("id", "=", id);

const about = (id: string) => `credential:${id}`;

function sealFields(key: CredentialKey, id: string, fields: Fields): Buffer {
  return seal(key, JSON.stringify(fields), about(id));
}

function openFields(key: CredentialKey, row: Credential): Fields {
  return JSON.parse(unseal(key, row.sealed, about(row.id)).toString()) as Fields;
}
