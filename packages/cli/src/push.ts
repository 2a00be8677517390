import { parseArgs } from "node:util";
import { bindCredentials } from "./client/bind-credentials.ts";
import { flowBody } from "./client/import-file.ts";
import { findFlowRow, flowRow } from "./client/rows.ts";
import { openServer, serverOptions, serverUsage } from "./client/server.ts";
import { CliError, type Command, type Context } from "./command.ts";
import { Binding, bindGraph, readBinding } from "./flow/binding.ts";
import { readFlowFile } from "./flow/flow-file.ts";

export const push: Command = {
  summary: "Updates a flow on a server from its file, found by id or name",
  usage: `sluice push FILE [--flow NAME-OR-ID] [--bind FILE]

  --flow F      the flow to update (else the file's id, else the file's name)
  --bind FILE   what to bind, as with import
${serverUsage}`,
  run: runPush,
};

async function runPush(args: string[], context: Context): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...serverOptions, flow: { type: "string" }, bind: { type: "string" } },
  });
  const [path] = positionals;
  if (!path) throw new CliError("push needs a file", { exitCode: 2 });
  const { flows } = await readFlowFile(path);
  const [flow] = flows;
  if (!flow || flows.length > 1)
    throw new CliError(`push takes one flow, and ${path} has ${flows.length}`, {
      remedy: "Use: sluice import FILE --replace",
      exitCode: 2,
    });
  const server = await openServer(values, context);
  const target = await findFlowRow(server, values.flow ?? flow.id ?? flow.name);
  const binding = values.bind ? await readBinding(values.bind) : Binding.parse({});
  const graph = bindGraph(flow.graph, binding, await bindCredentials(server, binding, context.env));
  // The server's name stays: a canvas export has only its file's.
  const body = flowBody({ ...flow, id: undefined, name: target.name }, graph);
  const row = flowRow(await server.put(`/chatflows/${target.id}`, body));
  context.out(`${row.id}  ${row.name}`);
  return 0;
}
