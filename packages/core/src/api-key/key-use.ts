import type { Db } from "../database/open-database.ts";

export interface KeyUse {
  flowName: string;
  category: string | null;
  updatedDate: Date;
}

/** The flows that only one key opens, by the id of that key. */
export async function listKeyUses(db: Db): Promise<Map<string, KeyUse[]>> {
  const rows = await db
    .selectFrom("flow")
    .select(["apikeyid", "name", "category", "updated_date"])
    .where("apikeyid", "is not", null)
    .orderBy("name")
    .execute();
  const flows = Map.groupBy(rows, (row) => row.apikeyid ?? "");
  return new Map(
    [...flows].map(([id, bound]) => [
      id,
      bound.map((row) => ({
        flowName: row.name,
        category: row.category,
        updatedDate: row.updated_date,
      })),
    ]),
  );
}
