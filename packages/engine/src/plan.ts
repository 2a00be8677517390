import type { ChatPlan } from "./chatflow/plan-chatflow.ts";
import type { FlowFix } from "./flow-fix.ts";
import { type FlowGraph, type FlowNode, type FlowType, isStickyNote } from "./graph.ts";
import type { AgentflowNode } from "./node.ts";
import {
  agentflowNodes,
  isSupportedKnowledge,
  isSupportedModel,
  isSupportedTool,
} from "./nodes/registry.ts";
import { findProblems, type Problem } from "./plan-problems.ts";
import { type Compiled, compileValue, referencesIn } from "./reference.ts";

/** A flow made ready to run: everything that does not depend on a request. */
export interface Plan {
  type: FlowType;
  startId: string;
  nodes: Map<string, PlannedNode>;
  /** Oddities of Flowise that the flow's author had put right. */
  fixes?: ReadonlySet<FlowFix>;
  /** The graph of a chatflow, which has none of the nodes above. */
  chat?: ChatPlan;
  /** What keeps the flow from running, each naming its node. */
  problems: Problem[];
  /** Component names that the flow needs and we do not have. */
  unsupported: string[];
  warnings: string[];
}

export interface PlannedNode {
  id: string;
  name: string;
  label: string;
  definition: AgentflowNode;
  /** Inputs as saved. */
  inputs: Record<string, unknown>;
  /** Inputs in which references are looked up, parsed. */
  compiled: Record<string, Compiled>;
  acceptsVariables: Set<string>;
  usesVariables: boolean;
  usesHistory: boolean;
  credentialId: string | undefined;
  parents: string[];
  children: Child[];
  /** Id of the iteration that this node lives in. */
  parentNode: string | undefined;
  /** Ids of the nodes that live in this one and have no parent there. */
  body: string[];
}

export interface Child {
  target: string;
  /** Index of the output that the edge leaves from; undefined for nodes with one output. */
  output: number | undefined;
}

export async function planFlow(graph: FlowGraph, type: FlowType): Promise<Plan> {
  if (type === "CHATFLOW" || type === "ASSISTANT") {
    const { planChatflow } = await import("./chatflow/plan-chatflow.ts");
    const planned = planChatflow(graph);
    return { type, startId: planned.chat.order[0]?.id ?? "", nodes: new Map(), ...planned };
  }
  const nodes = new Map<string, PlannedNode>();
  const canvas = graph.nodes.filter((node) => !isStickyNote(node));
  const edges = graph.edges.filter(
    ({ source, target }) =>
      canvas.some((n) => n.id === source) && canvas.some((n) => n.id === target),
  );
  const unknown = new Map<string, FlowNode>();
  for (const node of canvas) {
    const definition = agentflowNodes.get(node.data.name);
    if (!definition) unknown.set(node.id, node);
    nodes.set(node.id, await planNode(node, definition ?? missing(node.data.name), graph));
  }
  for (const { source, target, sourceHandle } of edges) {
    const parent = nodes.get(source)!;
    const child = nodes.get(target)!;
    // The body of an iteration is a flow of its own.
    if (parent.parentNode !== child.parentNode) continue;
    parent.children.push({ target, output: outputIndex(parent, sourceHandle) });
    child.parents.push(source);
  }
  for (const node of nodes.values())
    if (node.parentNode && node.parents.length === 0)
      nodes.get(node.parentNode)?.body.push(node.id);

  const starts = [...nodes.values()].filter((node) => node.name === "startAgentflow");
  const reachable = reach(nodes, starts[0]?.id);
  return {
    type,
    startId: starts[0]?.id ?? "",
    nodes,
    problems: findProblems(nodes, starts, reachable),
    unsupported: unsupportedNames(type, canvas, nodes, reachable),
    warnings: [...nodes.values()]
      .filter((node) => !reachable.has(node.id))
      .map((node) => `${node.label} (${node.id}) is not connected to the start and never runs`),
  };
}

const missing = (name: string): AgentflowNode => ({
  name,
  execute: () => Promise.reject(new Error(`The node ${name} is not supported`)),
});

async function planNode(node: FlowNode, definition: AgentflowNode, graph: FlowGraph) {
  const inputs = node.data.inputs ?? {};
  const params = node.data.inputParams ?? [];
  const accepts = params.filter((param) => param.acceptVariable === true).map((p) => p.name);
  const compiled: Record<string, Compiled> = {};
  for (const name of accepts) if (name in inputs) compiled[name] = await compileValue(inputs[name]);
  const names = Object.values(compiled).flatMap((value) => [...referencesIn(value)]);
  const credential = node.data.credential ?? inputs.FLOWISE_CREDENTIAL_ID;
  return {
    id: node.id,
    name: node.data.name,
    label: node.data.label ?? node.data.name,
    definition,
    inputs,
    compiled,
    acceptsVariables: new Set(accepts),
    usesVariables: names.some((name) => name.startsWith("$vars.")),
    usesHistory: names.some((name) => /^(chat_history|\$flow\.chatHistory)/.test(name)),
    credentialId: typeof credential === "string" && credential !== "" ? credential : undefined,
    parents: [],
    children: [],
    parentNode: iterationOf(node, graph),
    body: [],
  } satisfies PlannedNode;
}

const iterationOf = (node: FlowNode, graph: FlowGraph) =>
  graph.nodes.some((other) => other.id === node.parentNode)
    ? (node.parentNode ?? undefined)
    : undefined;

function outputIndex(parent: PlannedNode, handle: string | null | undefined): number | undefined {
  if (!parent.definition.decides) return undefined;
  const match = /-output-(\d+)$/.exec(handle ?? "");
  return match ? Number(match[1]) : undefined;
}

function reach(nodes: Map<string, PlannedNode>, start: string | undefined): Set<string> {
  const seen = new Set<string>();
  const next = start ? [start] : [];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    const node = nodes.get(id);
    if (!node || seen.has(id)) continue;
    seen.add(id);
    next.push(...node.children.map((child) => child.target), ...node.body);
  }
  return seen;
}

function unsupportedNames(
  type: FlowType,
  canvas: FlowNode[],
  nodes: Map<string, PlannedNode>,
  reachable: Set<string>,
): string[] {
  if (type !== "AGENTFLOW") return [...new Set(canvas.map((node) => node.data.name))];
  const names = new Set<string>();
  for (const id of reachable) {
    const node = nodes.get(id)!;
    if (!agentflowNodes.has(node.name)) names.add(node.name);
    const { models = [], tools = [], knowledge } = node.definition.embeds ?? {};
    for (const input of models) {
      const model = node.inputs[input];
      if (typeof model === "string" && model && !isSupportedModel(model)) names.add(model);
    }
    for (const tool of tools.flatMap((input) => named(node.inputs[input], ["agentSelectedTool"])))
      if (!isSupportedTool(tool)) names.add(tool);
    const known = knowledge ? named(node.inputs[knowledge], ["vectorStore", "embeddingModel"]) : [];
    for (const name of known) if (!isSupportedKnowledge(name)) names.add(name);
  }
  return [...names];
}

/** Names that an input holds itself, or in these fields of its rows. */
function named(value: unknown, fields: string[]): string[] {
  if (typeof value === "string") return value ? [value] : [];
  if (!Array.isArray(value)) return [];
  return value
    .flatMap((row) => fields.map((field) => row?.[field]))
    .filter((name) => typeof name === "string" && name !== "");
}
