import { type FlowGraph, type FlowNode, isStickyNote } from "../graph.ts";
import { isSupportedChatNode } from "../nodes/chatflow-registry.ts";
import { type ChatPlan, depthsOf, type PlannedChatNode, planNode } from "./plan-chatflow.ts";

/** The filling of one vector store of a chatflow, made ready to run. */
export interface UpsertPlan {
  /** What the store needs, and the store last. */
  chat: ChatPlan;
  store: PlannedChatNode;
  /** What the canvas says of each node's inputs. */
  params: Map<string, InputParam[]>;
}

export interface InputParam {
  name: string;
  label: string;
  type: string;
}

/** An upsert that the caller or the flow's author has to put right. */
export class UpsertRefusal extends Error {
  readonly code: "invalid" | "not_found" | "unprocessable";
  constructor(code: UpsertRefusal["code"], message: string) {
    super(message);
    this.name = "UpsertRefusal";
    this.code = code;
  }
}

/** Finds the store that is meant and what feeds it. Loaders run, other than at a prediction. */
export function planUpsert(graph: FlowGraph, stopNodeId: string | undefined): UpsertPlan {
  const canvas = graph.nodes.filter((node) => !isStickyNote(node));
  const byId = new Map(canvas.map((node) => [node.id, node]));
  const edges = graph.edges.filter(({ source, target }) => byId.has(source) && byId.has(target));
  const target = storeOf(canvas, stopNodeId);
  const depths = depthsOf([target], edges);
  if (depths === "cycle")
    throw new UpsertRefusal("unprocessable", "The nodes are connected in a circle");
  const needed = canvas.filter(({ id }) => depths.has(id));
  const unsupported = needed
    .map(({ data }) => data.name)
    .filter((name) => !isSupportedChatNode(name));
  if (unsupported.length > 0)
    throw new UpsertRefusal(
      "unprocessable",
      `This flow uses nodes that are not supported: ${[...new Set(unsupported)].join(", ")}`,
    );
  const order = needed.map((node) => ({
    ...planNode(node, edges, byId),
    serves: new Set([target.id]),
    isIndexed: false,
  }));
  order.sort((a, b) => depths.get(b.id)! - depths.get(a.id)!);
  const store = order.find(({ id }) => id === target.id)!;
  return {
    chat: { order, endings: [store], memory: undefined },
    store,
    params: new Map(needed.map((node) => [node.id, paramsOf(node)])),
  };
}

function storeOf(canvas: FlowNode[], stopNodeId: string | undefined): FlowNode {
  const stores = canvas.filter(({ data }) => data.category === "Vector Stores");
  if (stopNodeId) {
    const named = stores.find(({ id }) => id === stopNodeId);
    if (named) return named;
    throw new UpsertRefusal("not_found", `The flow has no vector store ${stopNodeId}`);
  }
  const uploads = stores.filter(({ data }) => data.inputs?.fileUpload === true);
  const [store, ...others] = uploads.length === 1 ? uploads : stores;
  if (!store) throw new UpsertRefusal("not_found", "No vector node found");
  if (others.length > 0)
    throw new UpsertRefusal(
      "invalid",
      `There are multiple vector nodes, please provide stopNodeId in body request: ${stores.map(({ id }) => id).join(", ")}`,
    );
  return store;
}

const paramsOf = ({ data }: FlowNode): InputParam[] =>
  (data.inputParams ?? []).map(({ name, label, type }) => ({
    name,
    label: typeof label === "string" ? label : name,
    type: typeof type === "string" ? type : "",
  }));
