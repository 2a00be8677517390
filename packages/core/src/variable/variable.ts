import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { Db } from "../database/open-database.ts";
import { type Page, type Paged, paged } from "../database/page.ts";
import type { Database } from "../database/schema.ts";
import { isUuid } from "../database/uuid.ts";
import { notFound } from "../error.ts";
import { parseInput } from "../parse-input.ts";

/** A stored variable: its row. `static` has its value, `runtime` reads it from the operator's environment. */
export type Variable = Selectable<Database["variable"]>;

export const VariableInput = z.object({
  name: z.string().min(1),
  value: z.string().nullish(),
  type: z.enum(["static", "runtime"]).default("static"),
});
export const VariablePatch = VariableInput.extend({
  type: z.enum(["static", "runtime"]),
}).partial();

export async function createVariable(db: Db, input: unknown): Promise<Variable> {
  const { name, value, type } = parseInput(VariableInput, input);
  return db
    .insertInto("variable")
    .values({ id: randomUUID(), name, value: value ?? "", type })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function listVariables(db: Db, page: Page = {}): Promise<Paged<Variable>> {
  const query = db.selectFrom("variable").selectAll();
  return paged(query.orderBy("updated_date", "desc").orderBy("id"), page);
}

export async function updateVariable(db: Db, id: string, input: unknown): Promise<Variable> {
  const { name, value, type } = parseInput(VariablePatch, input);
  if (!isUuid(id)) throw notFound("Variable", id);
  const row = await db
    .updateTable("variable")
    .set({
      ...(name && { name }),
      ...(value != null && { value }),
      ...(type && { type }),
      updated_date: new Date(),
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw notFound("Variable", id);
  return row;
}

export async function deleteVariable(db: Db, id: string): Promise<number> {
  if (!isUuid(id)) return 0;
  const result = await db.deleteFrom("variable").where("id", "=", id).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** All variables by name, as a run sees them. `runtimeVariable` reads the environment of the process. */
export async function readVariables(
  db: Db,
  runtimeVariable: (name: string) => string | undefined,
): Promise<Record<string, string>> {
  const rows = await db.selectFrom("variable").selectAll().orderBy("updated_date").execute();
  const values = rows.map(({ name, value, type }) => [
    name,
    type === "runtime" ? (runtimeVariable(name) ?? "") : value,
  ]);
  return Object.fromEntries(values);
}
