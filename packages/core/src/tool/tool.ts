import { randomUUID } from "node:crypto";
import type { CustomTool } from "@sluice/engine/services";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import { type Page, type Paged, paged } from "../database/page.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { notFound } from "../error.ts";
import { parseInput } from "../parse-input.ts";

/** A stored tool: its row. */
export type Tool = Selectable<Database["tool"]>;

const schema = z
  .string()
  .refine((text) => text === "" || parseRows(text) !== undefined, "schema is not a JSON list")
  .nullish();

export const ToolInput = z.object({
  name: z.string().min(1),
  description: z.string(),
  color: z.string().default("#6b7280"),
  iconSrc: z.string().nullish(),
  schema,
  func: z.string().nullish(),
});
export const ToolPatch = ToolInput.extend({ color: z.string() }).partial();

export async function createTool(db: Db, input: unknown): Promise<Tool> {
  const { iconSrc, ...fields } = parseInput(ToolInput, input);
  return db
    .insertInto("tool")
    .values({ ...fields, id: randomUUID(), icon_src: iconSrc })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function getTool(db: Db, id: string): Promise<Tool> {
  const row = isUuid(id)
    ? await db.selectFrom("tool").selectAll().where("id", "=", id).executeTakeFirst()
    : undefined;
  if (!row) throw notFound("Tool", id);
  return row;
}

export async function listTools(db: Db, page: Page = {}): Promise<Paged<Tool>> {
  const query = db.selectFrom("tool").selectAll();
  return paged(query.orderBy("updated_date", "desc").orderBy("id"), page);
}

export async function updateTool(db: Db, id: string, input: unknown): Promise<Tool> {
  const { iconSrc, ...fields } = parseInput(ToolPatch, input);
  if (!isUuid(id)) throw notFound("Tool", id);
  const row = await db
    .updateTable("tool")
    .set({ ...fields, icon_src: iconSrc, updated_date: new Date() })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw notFound("Tool", id);
  return row;
}

export async function deleteTool(db: Db, id: string): Promise<number> {
  if (!isUuid(id)) return 0;
  const result = await db.deleteFrom("tool").where("id", "=", id).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** A tool as the engine runs it. */
export async function readTool(db: Db, id: string): Promise<CustomTool> {
  const { name, description, schema: text, func } = await getTool(db, id);
  return { id, name, description, schema: parseRows(text ?? "") ?? [], code: func ?? "" };
}

function parseRows(text: string): unknown[] | undefined {
  try {
    const rows: unknown = JSON.parse(text);
    return Array.isArray(rows) ? rows : undefined;
  } catch {
    return undefined;
  }
}
