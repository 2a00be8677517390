/** Metadata as stores that keep no objects take it: `{loc: {lines: 1}}` is `loc.lines: 1`; lists of texts stay. */
export function flatMetadata(
  metadata: Record<string, unknown>,
  prefix = "",
): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(metadata)) {
    const key = prefix + name;
    if (value === null || value === undefined) continue;
    if (Array.isArray(value))
      flat[key] = value.every((one) => typeof one === "string") ? value : JSON.stringify(value);
    else if (typeof value === "object")
      Object.assign(flat, flatMetadata(value as Record<string, unknown>, `${key}.`));
    else flat[key] = value;
  }
  return flat;
}
