import { z } from "zod";

/** A node as Flowise's canvas exports it; unknown keys are kept. */
export const FlowNode = z.looseObject({
  id: z.string(),
  parentNode: z.string().nullish(),
  data: z.looseObject({
    id: z.string().optional(),
    name: z.string(),
    label: z.string().optional(),
    category: z.string().optional(),
    type: z.string().optional(),
    version: z.union([z.number(), z.string()]).optional(),
    inputs: z.record(z.string(), z.unknown()).nullish(),
    outputs: z.record(z.string(), z.unknown()).nullish(),
    inputParams: z.array(z.looseObject({ name: z.string() })).nullish(),
    credential: z.string().nullish(),
  }),
});
export type FlowNode = z.infer<typeof FlowNode>;

export const FlowEdge = z.looseObject({
  source: z.string(),
  target: z.string(),
  sourceHandle: z.string().nullish(),
  targetHandle: z.string().nullish(),
});
export type FlowEdge = z.infer<typeof FlowEdge>;

/** The graph of an exported flow: what `flowData` holds as JSON text. */
export const FlowGraph = z.looseObject({ nodes: z.array(FlowNode), edges: z.array(FlowEdge) });
export type FlowGraph = z.infer<typeof FlowGraph>;

export const FlowType = z.enum(["CHATFLOW", "AGENTFLOW", "MULTIAGENT", "ASSISTANT"]);
export type FlowType = z.infer<typeof FlowType>;

/** Canvas exports carry no type: it shows in the nodes. */
export function inferFlowType(graph: FlowGraph): FlowType {
  const categories = graph.nodes.map((node) => node.data.category ?? "");
  const names = graph.nodes.map((node) => node.data.name);
  if (categories.includes("Agent Flows") || names.some((name) => name.endsWith("Agentflow")))
    return "AGENTFLOW";
  if (categories.some((c) => c === "Multi Agents" || c === "Sequential Agents"))
    return "MULTIAGENT";
  return "CHATFLOW";
}

const stickyNotes = new Set(["stickyNote", "stickyNoteAgentflow"]);
export const isStickyNote = (node: FlowNode): boolean => stickyNotes.has(node.data.name);
