import { parseArgs } from "node:util";
import { z } from "zod";
import { openServer, serverOptions, serverUsage } from "./client/server.ts";
import { CliError, type Command, type Context } from "./command.ts";

export const keys: Command = {
  summary: "Lists, creates and revokes API keys",
  usage: `sluice keys [list] [--json]
sluice keys create NAME [--permissions P,…] [--tenant T] [--rate R] [--max-concurrent N] [--json]
sluice keys revoke NAME-OR-ID

  --permissions what the key may do, e.g. chatflows:view,chatflows:create (chatflows:view)
  --tenant      whose it is: keys of one tenant share its limit
  --rate        what it may do in a time, e.g. "100/60s burst 20"; off lifts the limit of all keys
  --max-concurrent
                how many of its predictions may be open at once; 0 lifts the cap of all keys
${serverUsage}`,
  run: runKeys,
};

const KeyRow = z.looseObject({
  id: z.string(),
  keyName: z.string(),
  apiKey: z.string().optional(),
  permissions: z.union([z.array(z.string()), z.string()]).nullish(),
});
const KeyRows = z.array(KeyRow);

async function runKeys(args: string[], context: Context): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...serverOptions,
      permissions: { type: "string", default: "chatflows:view" },
      tenant: { type: "string" },
      rate: { type: "string" },
      "max-concurrent": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [verb = "list", name] = positionals;
  const server = await openServer(values, context);
  const { out } = context;
  if (verb === "list") {
    const rows = KeyRows.parse(await server.get("/apikey"));
    if (values.json) out(JSON.stringify(rows));
    else
      for (const { id, keyName, apiKey = "", permissions } of rows)
        out(`${id}  ${keyName.padEnd(20)} ${apiKey.padEnd(16)} ${briefly(permissions)}`);
    return 0;
  }
  if (verb !== "create" && verb !== "revoke")
    throw new CliError(`keys knows no "${verb}": list, create or revoke`, { exitCode: 2 });
  if (!name) throw new CliError(`keys ${verb} needs a name`, { exitCode: 2 });
  if (verb === "create") {
    const before = new Set(KeyRows.parse(await server.get("/apikey")).map((row) => row.id));
    const body = {
      keyName: name,
      permissions: values.permissions.split(","),
      ...(values.tenant && { tenant: values.tenant }),
      ...(values.rate && { rateLimit: values.rate }),
      ...(values["max-concurrent"] && { maxConcurrent: Number(values["max-concurrent"]) }),
    };
    // The answer is the whole list; the key itself is shown in this one answer only.
    const made = KeyRows.parse(await server.post("/apikey", body)).find(
      (row) => !before.has(row.id),
    );
    if (!made) throw new CliError("the server did not tell the key it made");
    out(values.json ? JSON.stringify(made) : (made.apiKey ?? made.id));
    return 0;
  }
  const rows = KeyRows.parse(await server.get("/apikey"));
  const matching = rows.filter((row) => row.id === name || row.keyName === name);
  const [row] = matching;
  if (!row) throw new CliError(`there is no key "${name}"`);
  if (matching.length > 1)
    throw new CliError(`${matching.length} keys are named "${name}": revoke by id`);
  await server.delete(`/apikey/${row.id}`);
  out(`revoked ${row.keyName}`);
  return 0;
}

/** An admin key holds dozens of permissions. */
function briefly(permissions: string[] | string | null | undefined): string {
  const all = typeof permissions === "string" ? permissions.split(",") : (permissions ?? []);
  return all.length > 5 ? `${all.length} permissions` : all.join(",");
}
