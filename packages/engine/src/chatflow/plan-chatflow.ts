import { type FlowEdge, type FlowGraph, type FlowNode, isStickyNote } from "../graph.ts";
import { isSupportedChatNode } from "../nodes/chatflow-registry.ts";
import type { Problem } from "../plan-problems.ts";
import { type ChatInput, chatReferences, compileChatInput } from "./chat-reference.ts";
import type { ChatSettings } from "./chat-settings.ts";

/** A chatflow made ready to run. */
export interface ChatPlan {
  /** Every node that an ending needs, in the order of initialisation; the endings are the last. */
  order: PlannedChatNode[];
  endings: PlannedChatNode[];
  /** The node of category Memory, if one is connected. */
  memory: { label: string; sessionId: string } | undefined;
  /** Set by whoever knows what is stored beside the graph. */
  settings?: ChatSettings;
}

export interface PlannedChatNode {
  id: string;
  name: string;
  label: string;
  inputs: Record<string, unknown>;
  compiled: Record<string, ChatInput>;
  /** Inputs in which everything is looked up; true where they are JSON text. */
  accepts: Map<string, { isJson: boolean }>;
  usesVariables: boolean;
  /** The chosen output of a node that has several. */
  output: string | undefined;
  credentialId: string | undefined;
  parents: { id: string; handle: string }[];
  /** Ids of the endings that need it. */
  serves: Set<string>;
  /** A loader whose documents were indexed before: nothing to do while answering. */
  isIndexed: boolean;
}

export interface PlannedChatflow {
  chat: ChatPlan;
  problems: Problem[];
  unsupported: string[];
  warnings: string[];
}

export function planChatflow(graph: FlowGraph): PlannedChatflow {
  const canvas = graph.nodes.filter((node) => !isStickyNote(node));
  const byId = new Map(canvas.map((node) => [node.id, node]));
  const edges = graph.edges.filter(({ source, target }) => byId.has(source) && byId.has(target));
  const { endings, problem } = findEndings(canvas, edges);
  const depths = depthsOf(endings, edges);
  const problems = problem ? [problem] : [];
  if (depths === "cycle") {
    const message = "The nodes are connected in a circle";
    return nothing([...problems, { nodeId: endings[0]?.id ?? "", message }]);
  }
  const needed = canvas.filter((node) => depths.has(node.id));
  const planned = needed.map((node) => planNode(node, edges, byId));
  // The deepest first: a node comes after all that feed it, and setVariable before getVariable.
  planned.sort((a, b) => depths.get(b.id)! - depths.get(a.id)!);
  const isEnding = new Set(endings.map(({ id }) => id));
  const chat = {
    order: planned,
    endings: planned.filter(({ id }) => isEnding.has(id)),
    memory: memoryOf(byId, edges),
  };
  markServed(chat);
  const missing = planned.filter(({ name }) => !isSupportedChatNode(name));
  const names = missing.filter(isUsed).map(({ name }) => name);
  return {
    chat,
    problems,
    unsupported: [...new Set(names)],
    warnings: [
      ...canvas
        .filter(({ id }) => !depths.has(id))
        .map(
          ({ id, data }) => `${data.label ?? data.name} (${id}) leads to no ending and never runs`,
        ),
      ...missing
        .filter((node) => !isUsed(node))
        .map(
          ({ id, name }) =>
            `${name} (${id}) is not supported: the flow answers, but cannot be upserted`,
        ),
    ],
  };
}

/** An answer needs neither what was indexed before nor what only that is made of. */
const isUsed = ({ serves, isIndexed }: PlannedChatNode) => serves.size > 0 && !isIndexed;

const nothing = (problems: Problem[]): PlannedChatflow => ({
  chat: { order: [], endings: [], memory: undefined },
  problems,
  unsupported: [],
  warnings: [],
});

const endingCategories = new Set(["Chains", "Agents", "Engine"]);

function findEndings(
  canvas: FlowNode[],
  edges: FlowEdge[],
): { endings: FlowNode[]; problem?: Problem } {
  const sources = new Set(edges.map(({ source }) => source));
  const targets = new Set(edges.map(({ target }) => target));
  const last = canvas.filter(
    ({ id }) => !sources.has(id) && (targets.has(id) || canvas.length === 1),
  );
  if (last.length === 0)
    return { endings: [], problem: { nodeId: "", message: "Ending nodes not found" } };
  const endings = last.filter(
    ({ data }) =>
      data.outputs?.output === "EndingNode" || endingCategories.has(data.category ?? ""),
  );
  const nodeId = last[0]!.id;
  if (endings.length === 0) {
    const message = "Ending node must be either a Chain or Agent or Engine";
    return { endings, problem: { nodeId, message } };
  }
  const predicts = endings.find(({ data }) => data.outputs?.output === "outputPrediction");
  if (predicts) {
    const message = `${predicts.data.label ?? predicts.data.name} ends the flow, so its output can't be an Output Prediction`;
    return { endings, problem: { nodeId: predicts.id, message } };
  }
  return { endings };
}

/** Longest way to an ending, for each node that leads to one. */
export function depthsOf(endings: FlowNode[], edges: FlowEdge[]): Map<string, number> | "cycle" {
  const parents = new Map<string, string[]>();
  const children = new Map<string, number>();
  const seen = new Set<string>(endings.map(({ id }) => id));
  const queue = [...seen];
  for (const { source, target } of edges)
    parents.set(target, [...(parents.get(target) ?? []), source]);
  for (let id = queue.pop(); id !== undefined; id = queue.pop())
    for (const parent of parents.get(id) ?? []) {
      children.set(parent, (children.get(parent) ?? 0) + 1);
      if (!seen.has(parent)) queue.push(parent);
      seen.add(parent);
    }
  const depths = new Map<string, number>(endings.map(({ id }) => [id, 0]));
  const ready = endings.filter(({ id }) => !children.get(id)).map(({ id }) => id);
  let done = 0;
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    done++;
    for (const parent of parents.get(id) ?? []) {
      depths.set(parent, Math.max(depths.get(parent) ?? 0, depths.get(id)! + 1));
      const left = children.get(parent)! - 1;
      children.set(parent, left);
      if (left === 0) ready.push(parent);
    }
  }
  return done === seen.size ? depths : "cycle";
}

export function planNode(
  node: FlowNode,
  edges: FlowEdge[],
  byId: Map<string, FlowNode>,
): PlannedChatNode {
  const { data, id } = node;
  const inputs = data.inputs ?? {};
  const accepts = new Map(
    (data.inputParams ?? [])
      .filter((param) => param.acceptVariable === true)
      .map((param) => [param.name, { isJson: param.type === "json" }]),
  );
  const compiled = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => {
      const rule = accepts.get(name);
      return [name, compileChatInput(value, { accepts: rule !== undefined, ...rule })];
    }),
  );
  const names = Object.values(compiled).flatMap((input) => [...chatReferences(input)]);
  const output = data.outputs?.output;
  const targets = edges
    .filter(({ source }) => source === id)
    .map(({ target }) => byId.get(target)!);
  return {
    id,
    name: data.name,
    label: data.label ?? data.name,
    inputs,
    compiled,
    accepts,
    usesVariables: names.some((name) => name.startsWith("$vars.")),
    output: typeof output === "string" ? output : undefined,
    credentialId: data.credential || undefined,
    parents: edges
      .filter(({ target }) => target === id)
      .map(({ source, sourceHandle }) => ({ id: source, handle: outputName(sourceHandle) })),
    serves: new Set(),
    isIndexed:
      data.category === "Document Loaders" && targets.length > 0 && targets.every(keepsItsIndex),
  };
}

const keepsItsIndex = ({ data }: FlowNode) =>
  data.category === "Vector Stores" && data.name !== "memoryVectorStore";

/** `<nodeId>-output-<name>-<Class|Class>` */
const outputName = (handle: string | null | undefined): string =>
  /-output-([^-]+)/.exec(handle ?? "")?.[1] ?? "";

function memoryOf(byId: Map<string, FlowNode>, edges: FlowEdge[]): ChatPlan["memory"] {
  const edge = edges.find(({ source }) => byId.get(source)?.data.category === "Memory");
  const data = edge && byId.get(edge.source)?.data;
  if (!data) return undefined;
  const sessionId = data.inputs?.sessionId;
  return {
    label: data.label ?? data.name,
    sessionId: typeof sessionId === "string" ? sessionId : "",
  };
}

function markServed({ order, endings }: ChatPlan): void {
  const byId = new Map(order.map((node) => [node.id, node]));
  for (const ending of endings) ending.serves.add(ending.id);
  for (const node of order.toReversed())
    if (!node.isIndexed)
      for (const { id } of node.parents)
        for (const ending of node.serves) byId.get(id)?.serves.add(ending);
}
