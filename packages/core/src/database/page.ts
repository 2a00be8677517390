import { type SelectQueryBuilder, sql } from "kysely";

/** A part of a list, asked for with both numbers; everything, if one is missing or 0. */
export interface Page {
  page?: number | undefined;
  limit?: number | undefined;
}

export interface Paged<Row> {
  data: Row[];
  total: number;
}

const maxLimit = 1_000;

export function pageBounds({ page = 0, limit = 0 }: Page) {
  if (page <= 0 || limit <= 0) return undefined;
  const rows = Math.min(limit, maxLimit);
  return { limit: rows, offset: (page - 1) * rows };
}

/** Runs an ordered query, whole or for one page. */
export async function paged<Tables, Table extends keyof Tables, Row>(
  query: SelectQueryBuilder<Tables, Table, Row>,
  page: Page,
): Promise<Paged<Row>> {
  const bounds = pageBounds(page);
  if (!bounds) {
    const data = (await query.execute()) as Row[];
    return { data, total: data.length };
  }
  const data = (await query.limit(bounds.limit).offset(bounds.offset).execute()) as Row[];
  const { total } = await query
    .clearSelect()
    .clearOrderBy()
    .select(sql<string>`count(*)`.as("total"))
    .$castTo<{ total: string }>()
    .executeTakeFirstOrThrow();
  return { data, total: Number(total) };
}
