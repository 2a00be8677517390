import { type ApiKey, findApiKey, hashOf } from "@sluice/core/api-key/api-key";
import type { Db } from "@sluice/core/database/open-database";
import type { Change, Epochs } from "@sluice/core/limit/intake";

const maxKeys = 10_000;
const maxAgeMs = 30_000;

/** API keys by the hash of their text, known and unknown ones alike. Emptied when any key changes. */
export function openKeyCache(db: Db) {
  const keys = new Map<string, { at: number; key: Promise<ApiKey | undefined> }>();
  let epoch = -1;
  function fresh(hash: string): Promise<ApiKey | undefined> | undefined {
    const cached = keys.get(hash);
    return cached && Date.now() - cached.at < maxAgeMs ? cached.key : undefined;
  }
  return {
    /** What is known without looking it up. */
    peek: (text: string) => fresh(hashOf(text)),
    find(text: string): Promise<ApiKey | undefined> {
      const hash = hashOf(text);
      const cached = fresh(hash);
      if (cached) return cached;
      const key = findApiKey(db, text);
      key.catch(() => keys.delete(hash));
      if (keys.size >= maxKeys) keys.clear();
      keys.set(hash, { at: Date.now(), key });
      return key;
    },
    onChange({ kind }: Change): void {
      if (kind === "key") keys.clear();
    },
    isCurrent({ key }: Epochs): boolean {
      if (epoch === -1 || key === epoch) {
        epoch = key;
        return true;
      }
      epoch = key;
      keys.clear();
      return false;
    },
  };
}
export type KeyCache = ReturnType<typeof openKeyCache>;

/** The key in an `Authorization` header; a bare key without a scheme is taken, too. */
export const bearerOf = (header: string | undefined): string | undefined =>
  header?.split("Bearer ").at(-1)?.trim() || undefined;
