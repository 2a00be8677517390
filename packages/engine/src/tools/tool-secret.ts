import type { NodeRun } from "../node.ts";

/** Fields of a tool: what the author put into the config goes before the chosen credential. */
export async function readSecrets<Name extends string>(
  inputs: Record<string, unknown>,
  names: readonly Name[],
  { services }: NodeRun,
): Promise<Record<Name, string>> {
  const id = inputs.FLOWISE_CREDENTIAL_ID ?? inputs.credential;
  const stored = typeof id === "string" && id !== "" ? await services.credential(id) : {};
  const entries = names.map((name) => [name, String(inputs[name] || stored[name] || "")]);
  return Object.fromEntries(entries);
}

/** The same, for fields without which the tool cannot work. */
export async function requireSecrets<Name extends string>(
  inputs: Record<string, unknown>,
  names: readonly Name[],
  label: string,
  context: NodeRun,
): Promise<Record<Name, string>> {
  const secrets = await readSecrets(inputs, names, context);
  for (const name of names)
    if (!secrets[name]) throw new Error(`${label} needs a credential with ${name}`);
  return secrets;
}
