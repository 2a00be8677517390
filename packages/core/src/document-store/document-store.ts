import { randomUUID } from "node:crypto";
import type { Component, StoredKnowledge } from "@sluice/engine/knowledge";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import { type Page, type Paged, paged } from "../database/page.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { notFound } from "../error.ts";
import { parseInput } from "../parse-input.ts";
import { type Loader, parseLoaders } from "./loader.ts";

/** A document store: its row. */
export type DocumentStore = Selectable<Database["document_store"]>;

export const DocumentStoreInput = z.object({
  name: z.string().min(1),
  description: z.string().nullish(),
});
export const DocumentStorePatch = DocumentStoreInput.partial();

export async function createDocumentStore(db: Db, input: unknown): Promise<DocumentStore> {
  const { name, description } = parseInput(DocumentStoreInput, input);
  return db
    .insertInto("document_store")
    .values({ id: randomUUID(), name, description: description ?? null, status: "EMPTY" })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function getDocumentStore(db: Db, id: string): Promise<DocumentStore> {
  const row = isUuid(id)
    ? await db.selectFrom("document_store").selectAll().where("id", "=", id).executeTakeFirst()
    : undefined;
  if (!row) throw notFound("Document store", id);
  return row;
}

export async function listDocumentStores(db: Db, page: Page = {}): Promise<Paged<DocumentStore>> {
  const query = db.selectFrom("document_store").selectAll();
  return paged(query.orderBy("updated_date", "desc").orderBy("id"), page);
}

export async function updateDocumentStore(
  db: Db,
  id: string,
  input: unknown,
): Promise<DocumentStore> {
  return setDocumentStore(db, id, parseInput(DocumentStorePatch, input));
}

/** Deletes a store and its chunks. Its vectors stay, as in Flowise: `clearVectors` takes them out first. */
export async function deleteDocumentStore(db: Db, id: string): Promise<number> {
  if (!isUuid(id)) return 0;
  const result = await db.deleteFrom("document_store").where("id", "=", id).executeTakeFirst();
  return Number(result.numDeletedRows);
}

type Changes = Partial<
  Pick<
    DocumentStore,
    | "name"
    | "description"
    | "status"
    | "vector_store_config"
    | "embedding_config"
    | "record_manager_config"
  >
>;

export async function setDocumentStore(
  db: Db,
  id: string,
  changes: Changes,
): Promise<DocumentStore> {
  if (!isUuid(id)) throw notFound("Document store", id);
  const row = await db
    .updateTable("document_store")
    .set({ ...changes, updated_date: new Date() })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw notFound("Document store", id);
  return row;
}

/** Changes the list of loaders under the row's lock; to be called in a transaction. */
export async function changeLoaders(
  db: Db,
  id: string,
  change: (loaders: Loader[]) => Loader[],
): Promise<void> {
  const row = await db
    .selectFrom("document_store")
    .select("loaders")
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw notFound("Document store", id);
  const loaders = JSON.stringify(change(parseLoaders(row.loaders)));
  const changes = { loaders, updated_date: new Date() };
  await db.updateTable("document_store").set(changes).where("id", "=", id).execute();
}

const StoredComponent = z.object({
  name: z.string(),
  config: z.record(z.string(), z.unknown()).default({}),
});

export const parseComponent = (text: string | null): Component | undefined =>
  text === null ? undefined : StoredComponent.parse(JSON.parse(text));

export const componentText = ({ name, config }: Component): string =>
  JSON.stringify({ config, name });

/** A store as a flow looks into it. */
export async function readKnowledge(db: Db, id: string): Promise<StoredKnowledge> {
  const { name, embedding_config, vector_store_config } = await getDocumentStore(db, id);
  return {
    id,
    name,
    embedding: parseComponent(embedding_config),
    vectorStore: parseComponent(vector_store_config),
  };
}
