const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// A field named `credential` may be an author's own data: only ids are taken out.
const holdsCredential = (key: string, value: unknown) =>
  key === "FLOWISE_CREDENTIAL_ID" ||
  (key === "credential" && typeof value === "string" && uuid.test(value));

/** A copy without the fields, at any depth, that hold a credential's id. */
export function withoutCredentials(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCredentials);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !holdsCredential(key, inner))
      .map(([key, inner]) => [key, withoutCredentials(inner)]),
  );
}
