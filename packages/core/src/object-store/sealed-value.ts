import type { CredentialKey } from "../credential/credential-key.ts";
import { seal, unseal } from "../credential/seal.ts";
import type { ObjectStore } from "./object-store.ts";

/** A value that travels through a queue, sealed; a large one lies in the object store and only its key travels. */
export type SealedValue = { sealed: string } | { object: string };

const maxInlineBytes = 64 * 1024;

export interface Seals {
  key: CredentialKey;
  objects: ObjectStore;
}

/** `about` says what the value belongs to: it opens only under the same words. */
export async function sealValue(
  { key, objects }: Seals,
  { about, object }: { about: string; object: string },
  value: unknown,
): Promise<SealedValue> {
  const sealed = seal(key, JSON.stringify(value), about);
  if (sealed.length <= maxInlineBytes) return { sealed: sealed.toString("base64") };
  await objects.put(object, sealed);
  return { object };
}

export async function openValue(
  { key, objects }: Seals,
  about: string,
  value: SealedValue,
): Promise<unknown> {
  const sealed =
    "sealed" in value ? Buffer.from(value.sealed, "base64") : await objects.get(value.object);
  return JSON.parse(unseal(key, sealed, about).toString("utf8"));
}
