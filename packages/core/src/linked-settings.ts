/** Settings that the deployment hands to a function, encrypted beside its code, instead of as its environment. */
export async function linkedSettings(
  environment: Record<string, string | undefined>,
): Promise<Record<string, string | undefined>> {
  if (!environment.SST_KEY_FILE && !environment.SST_RESOURCE_Settings) return {};
  const { Resource } = await import("sst/resource");
  const linked = (Resource as unknown as { Settings?: Record<string, unknown> }).Settings ?? {};
  const texts = Object.entries(linked).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(texts) as Record<string, string>;
}
