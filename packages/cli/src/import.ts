import { basename } from "node:path";
import { parseArgs } from "node:util";
import { planFlow } from "@sluice/engine/plan";
import { withRemedy } from "@sluice/engine/unsupported";
import { importFile } from "./client/import-file.ts";
import { openServer, serverOptions, serverUsage } from "./client/server.ts";
import { CliError, type Command, type Context } from "./command.ts";
import { Binding, readBinding } from "./flow/binding.ts";
import { type FileFlow, readFlowFile } from "./flow/flow-file.ts";
import { findUnbound } from "./flow/unbound.ts";

export const importFlows: Command = {
  summary: "Brings exported flows to a server: one flow, or Flowise's Export all with its ids",
  usage: `sluice import FILE [--bind FILE] [--id UUID] [--name NAME] [--drop NODEIDS] [--replace] [--json]

  --bind FILE   the bind file that check has written and you have filled in
  --id UUID     the id the flow gets (else the file's own, else a new one)
  --name NAME   its name (else the file's own, else the file's name)
  --drop IDS    nodes to leave out, separated by commas
  --replace     overwrite flows, tools and variables that are there already
  --json        [{"id","name"}] on stdout
${serverUsage}`,
  run: runImport,
};

async function runImport(args: string[], context: Context): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...serverOptions,
      bind: { type: "string" },
      id: { type: "string" },
      name: { type: "string" },
      drop: { type: "string" },
      replace: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const [path] = positionals;
  if (!path) throw new CliError("import needs a file", { exitCode: 2 });
  const file = await readFlowFile(path);
  const single = file.flows.length === 1;
  if (!single && (values.id || values.name || values.bind || values.drop))
    throw new CliError(
      `--id, --name, --bind and --drop are for one flow; ${basename(path)} has ${file.flows.length}`,
      { exitCode: 2 },
    );
  const server = await openServer(values, context);
  const binding = values.bind ? await readBinding(values.bind) : Binding.parse({});
  const flows = file.flows.map((flow) => ({
    ...flow,
    id: values.id ?? flow.id,
    name: values.name ?? flow.name,
    graph: dropNodes(flow.graph, values.drop?.split(",") ?? []),
  }));
  const imported = await importFile(
    server,
    { ...file, flows },
    {
      binding,
      replace: values.replace,
      env: context.env,
    },
  );
  if (values.json) context.out(JSON.stringify(imported.map(({ id, name }) => ({ id, name }))));
  else for (const { id, name } of imported) context.out(`${id}  ${name}`);
  for (const { name, type, graph } of imported) await tellOpenEnds(name, graph, type, context);
  if (!isLocal(server.url) && imported.length > 0)
    context.note(
      `anybody who reaches ${server.url} may ask flows without a key: give them one, or set SLUICE_REQUIRE_KEY=true`,
    );
  if (file.left.length > 0) context.note(`not imported: ${file.left.join(", ")}`);
  return 0;
}

const isLocal = (url: string) => /^(localhost|127\..*|\[::1\])$/.test(new URL(url).hostname);

export function dropNodes(graph: FileFlow["graph"], ids: string[]): FileFlow["graph"] {
  const missing = ids.find((id) => !graph.nodes.some((node) => node.id === id));
  if (missing !== undefined) throw new CliError(`--drop: the flow has no node ${missing}`);
  return {
    ...graph,
    nodes: graph.nodes.filter(({ id }) => !ids.includes(id)),
    edges: graph.edges.filter(
      ({ source, target }) => !ids.includes(source) && !ids.includes(target),
    ),
  };
}

/** What keeps an imported flow from running; it is stored all the same, as Flowise does. */
async function tellOpenEnds(
  name: string,
  graph: FileFlow["graph"],
  type: FileFlow["type"],
  { note }: Context,
): Promise<void> {
  const { unsupported, problems } = await planFlow(graph, type);
  if (unsupported.length > 0)
    note(`${name}: not supported: ${unsupported.map(withRemedy).join(", ")}`);
  for (const { nodeId, message } of problems) note(`${name}: ${nodeId}: ${message}`);
  for (const { at, type: wanted, optional } of findUnbound(graph).credentials)
    if (!optional) note(`${name}: ${at} has no credential (${wanted})`);
}
