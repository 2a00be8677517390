import { readFile } from "node:fs/promises";
import type { FlowGraph } from "@sluice/engine/graph";
import { z } from "zod";
import { CliError } from "../command.ts";
import { isRecord, type Unbound } from "./unbound.ts";

/**
 * What goes beside an export. A credential is chosen by its id or name on the server, or made from `data`,
 * in which `${NAME}` is a variable of the environment.
 */
export const Binding = z.strictObject({
  credentials: z
    .record(
      z.string(),
      z.strictObject({
        type: z.string(),
        id: z.string().optional(),
        data: z.record(z.string(), z.string()).optional(),
      }),
    )
    .default({}),
  inputs: z.record(z.string(), z.unknown()).default({}),
  ids: z.record(z.string(), z.string()).default({}),
});
export type Binding = z.infer<typeof Binding>;

export async function readBinding(file: string): Promise<Binding> {
  try {
    return Binding.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    const why = error instanceof z.ZodError ? error.issues[0]?.message : (error as Error).message;
    throw new CliError(`${file} is not a bind file: ${why}`, {
      remedy: "sluice check FILE writes one to fill in.",
      cause: error,
    });
  }
}

/** The bind file to fill in. */
export const emptyBinding = ({ credentials, inputs, ids }: Unbound): Binding => ({
  credentials: Object.fromEntries(credentials.map(({ at, type }) => [at, { type, id: "" }])),
  inputs: Object.fromEntries(inputs.map(({ at }) => [at, ""])),
  ids: Object.fromEntries(ids.map(({ id }) => [id, ""])),
});

/** A copy of the graph with everything bound that the binding fills in; credentials by id. */
export function bindGraph(
  graph: FlowGraph,
  binding: Binding,
  credentialIds: ReadonlyMap<string, string>,
): FlowGraph {
  const text = JSON.stringify(graph);
  const renamed = Object.entries(binding.ids)
    .filter(([, to]) => to !== "")
    .reduce((all, [from, to]) => all.replaceAll(from, to), text);
  const bound = JSON.parse(renamed) as FlowGraph;
  for (const [at, id] of credentialIds) {
    const { node, path } = find(bound, at);
    if (path.length === 0) node.data.credential = id;
    else setAt(node.data.inputs, [...path, "FLOWISE_CREDENTIAL_ID"], id, at);
  }
  for (const [at, value] of Object.entries(binding.inputs)) {
    if (value === "") continue;
    const { node, path } = find(bound, at);
    node.data.inputs ??= {};
    setAt(node.data.inputs, path, value, at);
  }
  return bound;
}

function find(graph: FlowGraph, at: string) {
  const [id, ...path] = at.split("/");
  const node = graph.nodes.find((each) => each.id === id);
  if (!node) throw new CliError(`the bind file names ${at}, and the flow has no node ${id}`);
  return { node, path };
}

function setAt(root: unknown, path: string[], value: unknown, at: string): void {
  let here = root;
  for (const key of path.slice(0, -1))
    here =
      isRecord(here) || Array.isArray(here) ? (here as Record<string, unknown>)[key] : undefined;
  const last = path.at(-1);
  if ((!isRecord(here) && !Array.isArray(here)) || last === undefined)
    throw new CliError(`the bind file names ${at}, and the flow has no such place`);
  (here as Record<string, unknown>)[last] = value;
}
