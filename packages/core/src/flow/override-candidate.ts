import { FlowGraph, isStickyNote } from "@sluice/engine/graph";
import { z } from "zod";
import type { Flow } from "./flow.ts";

/** An input that `overrideConfig` could set, in Flowise's shape. */
export const OverrideCandidate = z.object({
  node: z.string(),
  nodeId: z.string(),
  label: z.string(),
  name: z.string(),
  type: z.string(),
  schema: z.record(z.string(), z.string()).optional(),
});
export type OverrideCandidate = z.infer<typeof OverrideCandidate>;

const Option = z.looseObject({ name: z.string() });
const Param = z.looseObject({
  name: z.string(),
  label: z.string().default(""),
  type: z.string(),
  options: z.array(Option).optional(),
});
const TopParam = Param.extend({ array: z.array(Param).optional() });
type TopParam = z.infer<typeof TopParam>;

/** Reads the inputs from the definitions that an export carries with its nodes. */
export function overrideCandidates(flow: Pick<Flow, "flow_data">): OverrideCandidate[] {
  const { nodes } = FlowGraph.parse(JSON.parse(flow.flow_data));
  return nodes
    .filter((node) => !isStickyNote(node))
    .flatMap(({ id, data }) =>
      (data.inputParams ?? []).flatMap((raw) => {
        const param = TopParam.safeParse(raw);
        if (!param.success || param.data.type === "credential") return [];
        return [{ node: data.label ?? data.name, nodeId: id, ...candidate(param.data) }];
      }),
    );
}

function candidate({ name, label, type, options, array }: TopParam) {
  if (type === "file") return { label, name: "files", type };
  if (type === "options" && options) return { label, name, type: namesOf(options) };
  if (type !== "array" || !array) return { label, name, type };
  const schema = array.map((column) => [
    column.name,
    column.options ? `(${namesOf(column.options)})` : column.type,
  ]);
  return { label, name, type, schema: Object.fromEntries(schema) as Record<string, string> };
}

const namesOf = (options: z.infer<typeof Option>[]) => options.map(({ name }) => name).join(", ");
