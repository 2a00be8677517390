const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Postgres refuses other text as a `uuid`, so ask before putting an outsider's id into a query. */
export const isUuid = (text: string): boolean => pattern.test(text);
