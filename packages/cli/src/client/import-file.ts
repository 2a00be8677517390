import { CliError } from "../command.ts";
import { type Binding, bindGraph } from "../flow/binding.ts";
import type { FileFlow, FlowFile } from "../flow/flow-file.ts";
import { bindCredentials } from "./bind-credentials.ts";
import { flowRow, listFlowRows, listNamedRows } from "./rows.ts";
import type { Server } from "./server.ts";

export interface ImportOptions {
  binding: Binding;
  /** Overwrite what is there already. */
  replace: boolean;
  env: NodeJS.ProcessEnv;
}

/** Brings a file's flows, tools and variables to a server; resolves with the flows as they are there. */
export async function importFile(
  server: Server,
  file: FlowFile,
  options: ImportOptions,
): Promise<(FileFlow & { id: string })[]> {
  const existing = new Set((await listFlowRows(server)).map((row) => row.id));
  const isThere = (flow: FileFlow) => flow.id !== undefined && existing.has(flow.id);
  // Refused before anything is written: half an import is worse than none.
  const clash = file.flows.filter(isThere);
  if (clash.length > 0 && !options.replace)
    throw new CliError(`on ${server.url} already: ${clash.map((flow) => flow.name).join(", ")}`, {
      remedy: "Overwrite with --replace, or give one flow another --id.",
    });
  // Everything that can be wrong with the binding shows here.
  for (const flow of file.flows) bindGraph(flow.graph, options.binding, new Map());
  const credentials = await bindCredentials(server, options.binding, options.env);
  await importVariables(server, file.variables, options.replace);
  const toolIds = await importTools(server, file.tools, options.replace);
  const binding = { ...options.binding, ids: { ...toolIds, ...options.binding.ids } };

  const imported: (FileFlow & { id: string })[] = [];
  for (const flow of file.flows) {
    const graph = bindGraph(flow.graph, binding, credentials);
    const body = flowBody(flow, graph);
    const answer = isThere(flow)
      ? await server.put(`/chatflows/${flow.id}`, body)
      : await server.post("/chatflows", body);
    const { id } = flowRow(answer);
    if (flow.id !== undefined && id !== flow.id) {
      await server.delete(`/chatflows/${id}`);
      throw new CliError(`${server.url} takes no ids: ${flow.name} would not keep ${flow.id}`, {
        remedy: "A Flowise server chooses ids itself; import canvas exports without --id.",
      });
    }
    imported.push({ ...flow, id, graph });
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

type Row = Record<string, unknown>;
type Ids = Record<string, string>;

/** What the server gives itself. */
function withoutOwn({ id, createdDate, updatedDate, workspaceId, ...rest }: Row): Row {
  return rest;
}

/** Flows refer to variables by name. */
async function importVariables(server: Server, rows: Row[], replace: boolean): Promise<void> {
  if (rows.length === 0) return;
  const known = await listNamedRows(server, "variables");
  for (const row of rows) {
    const same = known.find(({ name }) => name === row.name);
    if (!same) await server.post("/variables", withoutOwn(row));
    else if (replace) await server.put(`/variables/${same.id}`, withoutOwn(row));
  }
}

/** Flows refer to tools by id: resolves with the ids that changed, old → new. */
async function importTools(server: Server, rows: Row[], replace: boolean): Promise<Ids> {
  const ids: Ids = {};
  if (rows.length === 0) return ids;
  const known = await listNamedRows(server, "tools");
  for (const row of rows) {
    const old = String(row.id ?? "");
    const same = known.find(({ id }) => id === old);
    if (same && replace) await server.put(`/tools/${old}`, withoutOwn(row));
    if (same) continue;
    const { id } = flowRow(await server.post("/tools", withoutOwn(row)));
    if (old) ids[old] = id;
  }
  return ids;
}
