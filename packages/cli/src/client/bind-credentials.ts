import { CliError } from "../command.ts";
import type { Binding } from "../flow/binding.ts";
import { credentialRow, listCredentialRows } from "./rows.ts";
import type { Server } from "./server.ts";

/** The ids of a binding's credentials on this server; those given as data are made. Place → id. */
export async function bindCredentials(
  server: Server,
  binding: Binding,
  env: NodeJS.ProcessEnv,
): Promise<Map<string, string>> {
  const wanted = Object.entries(binding.credentials).filter(([, { id, data }]) => id || data);
  if (wanted.length === 0) return new Map();
  const known = await listCredentialRows(server);
  const ids = new Map<string, string>();
  const toMake = new Map<string, { type: string; fields: Record<string, string>; at: string[] }>();
  for (const [at, { id, type, data }] of wanted) {
    if (id) {
      const found = known.find((row) => row.id === id) ?? known.find((row) => row.name === id);
      if (!found) throw new CliError(`${at}: there is no credential "${id}" on ${server.url}`);
      ids.set(at, found.id);
      continue;
    }
    const fields = fromEnvironment(data ?? {}, env);
    // Several nodes with the same secret share one credential.
    const key = JSON.stringify([type, fields]);
    toMake.set(key, { type, fields, at: [...(toMake.get(key)?.at ?? []), at] });
  }
  // Only now, when all that is named is known to be there.
  for (const { type, fields, at } of toMake.values()) {
    const id = await makeCredential(server, type, fields);
    for (const place of at) ids.set(place, id);
  }
  return ids;
}

async function makeCredential(server: Server, type: string, plainDataObj: Record<string, string>) {
  const body = { name: `${type} (sluice import)`, credentialName: type, plainDataObj };
  return credentialRow(await server.post("/credentials", body)).id;
}

function fromEnvironment(data: Record<string, string>, env: NodeJS.ProcessEnv) {
  const fill = (text: string) =>
    text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
      const value = env[name];
      if (value === undefined)
        throw new CliError(`the bind file uses \${${name}}, and that variable is not set`);
      return value;
    });
  return Object.fromEntries(Object.entries(data).map(([field, text]) => [field, fill(text)]));
}
