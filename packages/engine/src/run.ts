import type { HistoryMessage, NodeRecord, RunStatus } from "./event.ts";
import type { NodeResult, NodeRun } from "./node.ts";
import type { Plan, PlannedNode } from "./plan.ts";
import { prepareInputs, resolveReferences } from "./prepare-inputs.ts";
import { checkedHistory, nodeInput } from "./request.ts";
import { route } from "./routing.ts";
import type { RunInput } from "./run-input.ts";
import { newRunState, type RunState } from "./run-state.ts";
import type { Services } from "./services.ts";
import { updateState } from "./state-update.ts";

export interface Outcome {
  status: RunStatus;
  /** The answer; a single space when the last node said nothing. */
  text: string;
  /** Why the run failed, in words. */
  error?: string;
  /** What the caller is asked, when the run waits for a human. */
  action?: Record<string, unknown>;
  /** What a chatflow answered; agentflows have none. */
  chat?: ChatOutcome;
  run: RunState;
}

export interface ChatOutcome {
  /** Fields of the answer, by Flowise's names; empty when the run failed. */
  body: Record<string, unknown>;
  /** Label of the memory that is part of the flow. */
  memoryType?: string;
  /** What the flow's variables show. */
  flowVariables?: Record<string, unknown>;
}

/** What a run carries along; loaded once, on first use. */
export interface RunContext {
  plan: Plan;
  request: RunInput;
  services: Services;
  run: RunState;
  past(): Promise<HistoryMessage[]>;
  variables(): Promise<Record<string, string>>;
  iteration?: { index: number; value: unknown; sessionId: string };
  /** False in the body of an iteration. */
  topLevel: boolean;
}

/**
 * Runs a flow to its end or to its next pause; failures are an outcome, not an exception.
 * `from` is a state that {@link Services.checkpoint} was given: the run goes on after the last finished node.
 */
export async function run(
  plan: Plan,
  request: RunInput,
  services: Services,
  from?: RunState,
): Promise<Outcome> {
  if (plan.chat) {
    const { runChatflow } = await import("./chatflow/run-chatflow.ts");
    return runChatflow(plan.chat, request, services);
  }
  checkedHistory(request.history);
  const state = from ?? newRunState(plan.startId);
  const context = newContext(plan, request, services, state);
  if (!from) services.emit({ type: "flow.started" });
  const outcome = await runQueue(context);
  if (outcome.action) services.emit({ type: "flow.paused", action: outcome.action });
  services.emit({ type: "flow.finished", status: outcome.status });
  return outcome;
}

function newContext(
  plan: Plan,
  request: RunInput,
  services: Services,
  state: RunState,
): RunContext {
  let past: Promise<HistoryMessage[]> | undefined;
  let variables: Promise<Record<string, string>> | undefined;
  return {
    plan,
    request,
    services,
    run: state,
    topLevel: true,
    past() {
      if (state.ephemeral || request.newConversation) return Promise.resolve([]);
      past ??= services.pastMessages(request.sessionId);
      return past;
    },
    variables() {
      variables ??= services.variables();
      return variables;
    },
  };
}

export async function runQueue(context: RunContext): Promise<Outcome> {
  const { plan, run: state, services } = context;
  while (state.queue.length > 0) {
    const node = plan.nodes.get(state.queue[0]!);
    if (!node) {
      state.queue.shift();
      continue;
    }
    try {
      if (++state.passes > services.limits.maxIterations)
        throw new Error(
          `Maximum number of nodes per run (${services.limits.maxIterations}) reached`,
        );
      const result = await runNode(context, node);
      if (result.pause) return paused(context, node, result);
      state.queue.shift();
      finish(context, node, result);
    } catch (error) {
      return failed(context, node, error);
    }
    if (context.topLevel) services.checkpoint(state);
  }
  return { status: statusOf(state.records), text: answerOf(state.records), run: state };
}

async function runNode(context: RunContext, node: PlannedNode): Promise<NodeResult> {
  const { services, request, run: state } = context;
  services.emit({ type: "node.started", nodeId: node.id, label: node.label });
  if (services.signal.aborted) throw new Error("Aborted");
  const input = nodeInput(context);
  const { inputs, scope } = await prepareInputs(context, node);
  const nodeRun: NodeRun = {
    nodeId: node.id,
    label: node.label,
    rawInputs: inputs,
    credentialId: node.credentialId,
    request,
    input,
    run: state,
    isLast: context.topLevel && node.children.length === 0 && node.name !== "loopAgentflow",
    iteration: context.iteration,
    past: context.past,
    variables: context.variables,
    resolve: (value) => resolveReferences(context, value),
    flow: scope,
    scope: context.request.flowId,
    services,
    emit: services.emit,
  };
  const result = await node.definition.execute(inputs, nodeRun);
  const updates = node.definition.updateState;
  result.state ??= updates
    ? updateState(state.state, inputs[updates], result.output.content)
    : { ...state.state };
  return result;
}

function finish(context: RunContext, node: PlannedNode, result: NodeResult): void {
  const { run: state, services } = context;
  const record = recordOf(node, result);
  state.records.push(record);
  services.emit({
    type: "node.finished",
    nodeId: node.id,
    label: node.label,
    inner: !context.topLevel,
    records: [record],
  });
  state.state = result.state ?? state.state;
  if (result.chatHistory) state.history.push(...result.chatHistory);
  route(context.plan, node, result.output, state);
}

function recordOf(node: PlannedNode, result: NodeResult): NodeRecord {
  return {
    nodeId: node.id,
    nodeLabel: node.label,
    data: {
      id: node.id,
      name: node.name,
      input: result.input,
      output: result.output,
      state: result.state ?? {},
      ...(result.chatHistory && { chatHistory: result.chatHistory }),
    },
    previousNodeIds: node.parents,
    status: "FINISHED",
  };
}

function paused(context: RunContext, node: PlannedNode, result: NodeResult): Outcome {
  const { run: state, services } = context;
  const record: NodeRecord = { ...recordOf(node, result), status: "STOPPED" };
  state.records.push(record);
  services.emit({ type: "node.stopped", nodeId: node.id, label: node.label, record });
  services.checkpoint(state);
  return { status: "STOPPED", text: answerOf(state.records), action: result.pause!, run: state };
}

function failed(context: RunContext, node: PlannedNode, cause: unknown): Outcome {
  const { run: state, services } = context;
  const message = cause instanceof Error ? cause.message : String(cause);
  const canceled = message.includes("Aborted");
  const error = canceled ? "Flow execution was cancelled" : message;
  const status = canceled ? "TERMINATED" : "ERROR";
  const record: NodeRecord = {
    nodeId: node.id,
    nodeLabel: node.label,
    previousNodeIds: node.parents,
    data: { id: node.id, name: node.name, error },
    status,
  };
  state.records.push(record);
  const inner = !context.topLevel;
  services.emit({
    type: "node.failed",
    nodeId: node.id,
    label: node.label,
    inner,
    status,
    error,
    record,
  });
  return { status, text: "", error, run: state };
}

function statusOf(records: NodeRecord[]): RunStatus {
  for (const status of ["TERMINATED", "ERROR", "STOPPED"] as const)
    if (records.some((record) => record.status === status)) return status;
  return "FINISHED";
}

function answerOf(records: NodeRecord[]): string {
  const content = records.at(-1)?.data.output?.content;
  return typeof content === "string" && content !== "" ? content : content ? String(content) : " ";
}
