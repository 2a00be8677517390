import { type FlowGraph, type FlowNode, isStickyNote } from "@sluice/engine/graph";
import { credentialTypes } from "./credential-type.ts";

/** What an export refers to and does not carry. */
export interface Unbound {
  /** `nodeId[/path]` → type of the credential to choose. */
  credentials: { at: string; type: string; optional: boolean }[];
  /** `nodeId/input` of secrets and files that the exporter leaves out. */
  inputs: { at: string; kind: string }[];
  /** Ids of rows of the other server: tools, document stores, flows. */
  ids: { id: string; at: string }[];
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;
const left = new Set(["password", "file", "folder"]);

/** Lists what has to be bound before the flow can run. */
export function findUnbound(graph: FlowGraph): Unbound {
  const found: Unbound = { credentials: [], inputs: [], ids: [] };
  for (const node of graph.nodes) {
    if (isStickyNote(node)) continue;
    ofNode(node, found);
    const inputs = node.data.inputs ?? {};
    walk(inputs, [], (at, record) => ofEmbedded(node.id, at, record, found));
    for (const [name, value] of Object.entries(inputs)) ofIds(`${node.id}/${name}`, value, found);
  }
  return found;
}

function ofNode({ id, data }: FlowNode, found: Unbound): void {
  const inputs = data.inputs ?? {};
  for (const param of data.inputParams ?? []) {
    const { name, type, optional = false } = param;
    if (type === "credential" && !data.credential && !inputs.FLOWISE_CREDENTIAL_ID) {
      const names = Array.isArray(param.credentialNames) ? param.credentialNames : [];
      const wanted = String(names[0] ?? credentialTypes[data.name] ?? "");
      found.credentials.push({ at: id, type: wanted, optional: optional === true });
    } else if (left.has(String(type)) && optional !== true && !inputs[name])
      found.inputs.push({ at: `${id}/${name}`, kind: String(type) });
  }
}

/** `<param>: "chatOpenAI"` beside `<paramConfig>: {…}` is a component inside another's input. */
function ofEmbedded(
  nodeId: string,
  path: string[],
  record: Record<string, unknown>,
  found: Unbound,
): void {
  for (const [key, config] of Object.entries(record)) {
    const component = record[key.replace(/Config$/, "")];
    if (!key.endsWith("Config") || !isRecord(config) || typeof component !== "string") continue;
    const type = credentialTypes[component];
    if (type && !config.FLOWISE_CREDENTIAL_ID)
      found.credentials.push({ at: [nodeId, ...path, key].join("/"), type, optional: false });
  }
}

function ofIds(at: string, value: unknown, found: Unbound): void {
  if (typeof value === "string") {
    // A whole id, or `<id>:<name>` of a document store; not an id somewhere in a text.
    const id = uuid.exec(value)?.[0];
    const whole = id !== undefined && (value === id || value.startsWith(`${id}:`));
    if (whole && !found.ids.some((other) => other.id === id)) found.ids.push({ id, at });
  } else if (value && typeof value === "object")
    for (const [key, inner] of Object.entries(value))
      if (key !== "FLOWISE_CREDENTIAL_ID") ofIds(`${at}/${key}`, inner, found);
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function walk(
  value: unknown,
  path: string[],
  visit: (path: string[], record: Record<string, unknown>) => void,
): void {
  if (isRecord(value)) visit(path, value);
  if (value && typeof value === "object")
    for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key], visit);
}
