import type { NodeRun } from "../node.ts";
import { overrideInputs } from "../override.ts";
import { uploadedText } from "../request.ts";
import { newRunState } from "../run-state.ts";
import type { ChatNodeRun, ChatRun } from "./chat-node.ts";
import {
  type ChatInput,
  type ChatScope,
  chatReferences,
  compileChatInput,
  resolveChatInput,
} from "./chat-reference.ts";
import { historyLines, pastMessages } from "./past.ts";
import type { PlannedChatNode } from "./plan-chatflow.ts";

/** A node's inputs for this request: saved values, overridden where permitted, references looked up. */
export async function preparedInputs(
  node: PlannedChatNode,
  instances: ReadonlyMap<string, unknown>,
  run: ChatRun,
): Promise<Record<string, unknown>> {
  const { overrideConfig, permissions } = run.request;
  const changed =
    overrideConfig && permissions ? overrideInputs(node, overrideConfig, permissions) : {};
  const compiled: Record<string, ChatInput> = { ...node.compiled };
  for (const [name, value] of Object.entries(changed)) {
    const rule = node.accepts.get(name);
    compiled[name] = compileChatInput(value, { accepts: rule !== undefined, ...rule });
  }
  const scope = await scopeOf(compiled, instances, run);
  return Object.fromEntries(
    Object.entries(compiled).map(([name, input]) => [name, resolveChatInput(input, scope)]),
  );
}

async function scopeOf(
  compiled: Record<string, ChatInput>,
  instances: ReadonlyMap<string, unknown>,
  run: ChatRun,
): Promise<ChatScope> {
  const names = new Set<string>();
  for (const input of Object.values(compiled))
    for (const name of chatReferences(input)) names.add(name.startsWith("$vars.") ? "$vars" : name);
  const remembers = names.has("chat_history") && run.remembers;
  const showsHistory = [...names].some((name) => name.startsWith("$flow.chatHistory"));
  return {
    question: run.request.question ?? "",
    fileText: uploadedText(run.request),
    chatHistory: remembers ? historyLines(await pastMessages(run)) : "",
    variables: names.has("$vars") ? await run.variables() : {},
    flow: showsHistory ? { ...run.flow, chatHistory: await pastMessages(run) } : run.flow,
    instance: (id) => instances.get(id),
  };
}

/** What a node is given beside its inputs. */
export function contextOf(
  { id, name, label, output, credentialId }: PlannedChatNode,
  rawInputs: Record<string, unknown>,
  run: ChatRun,
): ChatNodeRun {
  return {
    ...run,
    nodeId: id,
    name,
    label,
    output,
    credentialId,
    rawInputs,
    asNodeRun: () => asNodeRun(id, label, credentialId, rawInputs, run),
  };
}

const asNodeRun = (
  nodeId: string,
  label: string,
  credentialId: string | undefined,
  rawInputs: Record<string, unknown>,
  run: ChatRun,
): NodeRun => ({
  nodeId,
  label,
  rawInputs,
  credentialId,
  request: run.request,
  input: run.question,
  run: newRunState(nodeId),
  isLast: false,
  // A chatflow begins anew as a whole.
  reached: undefined,
  reach() {},
  executionId: () => undefined,
  iteration: undefined,
  past: run.past,
  ...(run.fixes && { fixes: run.fixes }),
  variables: run.variables,
  resolve: (value) => Promise.resolve(value),
  flow: run.flow,
  scope: run.scope,
  services: run.services,
  // What tools tell of themselves has no place in a chatflow's stream; the ending tells it in order.
  emit: () => {},
});
