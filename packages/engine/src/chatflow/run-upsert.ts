import { loadChatNode } from "../nodes/chatflow-registry.ts";
import { overrideInputs } from "../override.ts";
import type { IndexedDocuments } from "../retrieval/index-documents.ts";
import type { RunInput } from "../run-input.ts";
import type { Services } from "../services.ts";
import type { UpsertRun } from "./chat-node.ts";
import { initialise } from "./initialise.ts";
import { type InputParam, type UpsertPlan, UpsertRefusal } from "./plan-upsert.ts";
import { contextOf, preparedInputs } from "./prepare-chat-inputs.ts";
import { newChatRun } from "./run-chatflow.ts";

/** Fills a vector store with what its loaders bring. Rejects when nothing was put into it. */
export async function runUpsert(
  { chat, store }: UpsertPlan,
  request: RunInput,
  services: Services,
  upsert: UpsertRun,
): Promise<IndexedDocuments> {
  const run = newChatRun(chat, request, services);
  const component = await loadChatNode(store.name);
  if (!component.upsert)
    throw new UpsertRefusal("unprocessable", `${store.label} is not filled by upserts`);
  const { instances } = await initialise(chat, run);
  const inputs = await preparedInputs(store, instances, run);
  return component.upsert(inputs, contextOf(store, inputs, run), upsert);
}

/** A node's settings as the history of upserts shows them. */
export interface UpsertedNode {
  id: string;
  name: string;
  label: string;
  paramValues: (InputParam & { value: unknown })[];
}

const maxText = 1000;

/** What each node was set to, without secrets and the contents of files. */
export function upsertedNodes(
  { chat, params }: UpsertPlan,
  { overrideConfig, permissions }: Pick<RunInput, "overrideConfig" | "permissions">,
): UpsertedNode[] {
  return chat.order.map((node) => {
    const changed =
      overrideConfig && permissions ? overrideInputs(node, overrideConfig, permissions) : {};
    const inputs: Record<string, unknown> = { ...node.inputs, ...changed };
    const shown = (params.get(node.id) ?? [])
      .filter(({ type }) => type !== "credential" && type !== "password")
      .map((param) => ({ ...param, value: shownValue(inputs[param.name]) }));
    const { id, name, label } = node;
    return { id, name, label, paramValues: shown.filter(({ value }) => isSet(value)) };
  });
}

const isSet = (value: unknown) => value !== undefined && value !== null && value !== "";

function shownValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 100).map(shownValue);
  if (typeof value !== "string") return value;
  const file = /^\[?"?data:[^,]*,/.test(value);
  if (file) return [...value.matchAll(/filename:([^",\]]*)/g)].map(([, name]) => name).join(", ");
  return value.length > maxText ? `${value.slice(0, maxText)}…` : value;
}
