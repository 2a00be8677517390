import { basename } from "node:path";
import { parseArgs } from "node:util";
import { bindCredentials } from "./client/bind-credentials.ts";
import { flowRow, listFlowRows } from "./client/rows.ts";
import { openServer, type Server, serverOptions, serverUsage } from "./client/server.ts";
import { CliError, type Command, type Context } from "./command.ts";
import { Binding, bindGraph, readBinding } from "./flow/binding.ts";
import { type FileFlow, type FlowFile, readFlowFile } from "./flow/flow-file.ts";

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
  if (file.left.length > 0) context.note(`not imported: ${file.left.join(", ")}`);
  return 0;
}

export interface ImportOptions {
  binding: Binding;
  replace: boolean;
  env: NodeJS.ProcessEnv;
}

/** Refuses before it writes: half an import is worse than none. */
export async function importFile(server: Server, file: FlowFile, options: ImportOptions) {
  const existing = new Set((await listFlowRows(server)).map((row) => row.id));
  const clash = file.flows.filter(({ id }) => id !== undefined && existing.has(id));
  if (clash.length > 0 && !options.replace)
    throw new CliError(`on ${server.url} already: ${clash.map((flow) => flow.name).join(", ")}`, {
      remedy: "Overwrite with --replace, or give one flow another --id.",
    });
  const credentials = await bindCredentials(server, options.binding, options.env);
  const graphs = file.flows.map((flow) => bindGraph(flow.graph, options.binding, credentials));

  for (const [resource, rows] of [
    ["tools", file.tools],
    ["variables", file.variables],
  ] as const)
    for (const row of rows) await putRow(server, resource, row, options.replace);
  const imported = [];
  for (const [index, flow] of file.flows.entries()) {
    const body = flowBody(flow, graphs[index]);
    const path =
      flow.id !== undefined && existing.has(flow.id) ? `/chatflows/${flow.id}` : undefined;
    const answer = path ? await server.put(path, body) : await server.post("/chatflows", body);
    const row = flowRow(answer);
    if (flow.id !== undefined && row.id !== flow.id)
      throw new CliError(`the server gave ${flow.name} the id ${row.id} instead of ${flow.id}`, {
        remedy: "A Flowise server chooses ids itself; import without --id.",
      });
    imported.push(row);
  }
  return imported;
}

/** A flow as `POST /chatflows` takes it. */
export const flowBody = (flow: FileFlow, graph = flow.graph) => ({
  ...flow.settings,
  ...(flow.id !== undefined && { id: flow.id }),
  name: flow.name,
  type: flow.type,
  flowData: JSON.stringify(graph),
});

/** Tools and variables keep their ids, because flows refer to them. */
async function putRow(
  server: Server,
  resource: "tools" | "variables",
  row: Record<string, unknown>,
  replace: boolean,
): Promise<void> {
  const { createdDate, updatedDate, workspaceId, ...body } = row;
  const rows = await server.get(`/${resource}`);
  const list: unknown[] = Array.isArray(rows) ? rows : [];
  const id = String(row.id);
  const isThere = list.some((other) => (other as { id?: unknown } | null)?.id === id);
  if (!isThere) await server.post(`/${resource}`, body);
  else if (replace) await server.put(`/${resource}/${id}`, body);
}

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
