import { readCredential } from "@sluice/core/credential/credential";
import type { CredentialKey } from "@sluice/core/credential/credential-key";
import type { Db } from "@sluice/core/database/open-database";
import type { Change } from "@sluice/core/limit/intake";
import { readVariables } from "@sluice/core/variable/variable";

const maxAgeMs = 30_000;
const maxCredentials = 2000;

/** Credentials and variables as runs read them. Dropped at once when one changes, and by age should the message be lost. */
export function openConfigurationCache(
  db: Db,
  key: CredentialKey,
  environment: (name: string) => string | undefined,
) {
  const credentials = new Map<string, { at: number; fields: Promise<Record<string, string>> }>();
  let variables: { at: number; values: Promise<Record<string, string>> } | undefined;

  return {
    onChange({ kind }: Change): void {
      if (kind !== "configuration") return;
      credentials.clear();
      variables = undefined;
    },
    credential(id: string): Promise<Record<string, string>> {
      if (!id) return Promise.resolve({});
      const cached = credentials.get(id);
      if (cached && Date.now() - cached.at < maxAgeMs) return cached.fields;
      const fields = readCredential(db, key, id);
      fields.catch(() => credentials.delete(id));
      if (credentials.size >= maxCredentials) credentials.clear();
      credentials.set(id, { at: Date.now(), fields });
      return fields;
    },
    variables(): Promise<Record<string, string>> {
      if (variables && Date.now() - variables.at < maxAgeMs) return variables.values;
      const values = readVariables(db, environment);
      values.catch(() => {
        variables = undefined;
      });
      variables = { at: Date.now(), values };
      return values;
    },
  };
}
export type ConfigurationCache = ReturnType<typeof openConfigurationCache>;
