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
