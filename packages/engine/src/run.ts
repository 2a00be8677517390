import type { HistoryMessage, NodeRecord, RunStatus } from "./event.ts";
import { iterate } from "./iteration.ts";
import { loopBack } from "./loop.ts";
import type { NodeResult, NodeRun } from "./node.ts";
import type { Plan, PlannedNode } from "./plan.ts";
import { prepareInputs, resolveReferences } from "./prepare-inputs.ts";
import {
  failureRecordOf,
  type IterationItem,
  lastContent,
  type RecordPlace,
  recordOf,
  statusOf,
} from "./record.ts";
import { checkedHistory, nodeInput } from "./request.ts";
import { answerFor, pauseAction } from "./resume.ts";
import { releaseWaiting, route } from "./routing.ts";
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
  /** Questions that may come next, after an agentflow's answer; a chatflow's are with the rest of its answer. */
  followUpPrompts?: string[];
  run: RunState;
}

export interface ChatOutcome {
  /** Fields of the answer, by Flowise's names; empty when the run failed. */
  body: Record<string, unknown>;
  /** Label of the memory that is part of the flow. */
  memoryType?: string;
  /** What the flow's variables show. */
  flowVariables?: Record<string, unknown>;
  /** Questions that may come next. */
  followUpPrompts?: string[];
}

/** What a run carries along; loaded once, on first use. */
export interface RunContext {
  plan: Plan;
  request: RunInput;
  services: Services;
  run: RunState;
  past(): Promise<HistoryMessage[]>;
  variables(): Promise<Record<string, string>>;
  iteration?: IterationItem;
  /** In the body of an iteration, the run around it. */
  outer?: RunState;
  /** The iteration whose body this is. */
  parentNodeId?: string;
  /** False in the body of an iteration. */
  topLevel: boolean;
  /** In the body of an iteration, the execution and the item that this is. */
  within: string;
}

/**
 * Runs a flow to its end or to its next pause; failures are an outcome, not an exception.
 * `from` is a state that {@link Services.checkpoint} was given: the run goes on after the last finished node. A
 * paused one goes on through `resumedState`.
 */
export async function run(
  plan: Plan,
  request: RunInput,
  services: Services,
  from?: RunState,
): Promise<Outcome> {
  if (plan.chat) {
    const { runChatflow } = await import("./chatflow/run-chatflow.ts");
    return runChatflow(plan.chat, request, services, plan.fixes);
  }
  checkedHistory(request.history);
  const state = from ?? { ...newRunState(plan.startId), webhook: request.webhook };
  if (state.resuming && state.saidBefore && plan.fixes?.has("resumeHistory"))
    state.history = state.saidBefore;
  delete state.saidBefore;
  const context = newContext(plan, request, services, state);
  if (!from) services.emit({ type: "flow.started" });
  else if (state.resuming) services.emit({ type: "flow.started", records: earlierRecords(state) });
  const outcome = state.paused ? pausedOutcome(state) : await runQueue(context);
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
    within: "",
    past() {
      if (state.ephemeral || request.newConversation) return Promise.resolve([]);
      past ??= services
        .pastMessages(request.sessionId)
        .then((saved) => (plan.fixes?.has("resumeHistory") ? beforeRun(saved, state) : saved));
      return past;
    },
    variables() {
      variables ??= services.variables();
      return variables;
    },
  };
}

/** Each pause saved what was asked and answered until then; the run has it in its own history. */
const beforeRun = (saved: HistoryMessage[], { pauses = 0 }: RunState): HistoryMessage[] =>
  saved.slice(0, Math.max(0, saved.length - 2 * pauses));

export async function runQueue(context: RunContext): Promise<Outcome> {
  const { plan, run: state, services } = context;
  while (state.queue.length > 0 || releaseWaiting(plan, state)) {
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
      if (result.pause) return pause(context, node, result);
      const inner = result.iterate ? await iterate(context, node, result, runQueue) : [];
      state.queue.shift();
      finish(context, node, result, inner);
    } catch (error) {
      return fail(context, node, error);
    }
    if (context.topLevel) services.checkpoint(state);
  }
  return { status: statusOf(state.records), text: answerOf(state), run: state };
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
    resumed: answerFor(node.id, state, request),
    reached: state.reached?.nodeId === node.id ? state.reached.keep : undefined,
    reach(keep) {
      if (!context.topLevel) return;
      state.reached = { nodeId: node.id, keep };
      services.checkpoint(state);
    },
    executionId: () =>
      request.runId === undefined ? undefined : `${request.runId}/${executionOf(context, node)}`,
    past: context.past,
    variables: context.variables,
    resolve: (value) => resolveReferences(context, value),
    flow: scope,
    scope: context.request.flowId,
    ...(context.plan.fixes && { fixes: context.plan.fixes }),
    services,
    emit: services.emit,
  };
  const result = await node.definition.execute(inputs, nodeRun);
  const updates = node.definition.updateState;
  result.state ??= updates
    ? updateState(
        state.state,
        inputs[updates],
        result.output.content,
        context.plan.fixes?.has("stateText"),
      )
    : { ...state.state };
  return result;
}

/** Which execution of a node this is: what has finished is in the records, also for another attempt. */
export const executionOf = ({ run: { records }, within }: RunContext, { id }: PlannedNode) =>
  `${within}${id}#${records.filter(({ nodeId }) => nodeId === id).length}`;

function finish(
  context: RunContext,
  node: PlannedNode,
  result: NodeResult,
  inner: NodeRecord[],
): void {
  const { run: state, services } = context;
  const record = recordOf(node, result, placeOf(context));
  state.records = earlierRecords(state);
  state.records.push(...inner, record);
  state.resuming = undefined;
  state.reached = undefined;
  services.emit({
    type: "node.finished",
    nodeId: node.id,
    label: node.label,
    inner: !context.topLevel,
    records: [...inner, record],
  });
  state.state = result.state ?? state.state;
  if (result.chatHistory) state.history.push(...result.chatHistory);
  if (result.loop) loopBack(context, node, result.loop);
  else route(context.plan, node, result.output, state);
}

/** What a node left before it asked a human goes, in all rounds, once it has more to say. */
const earlierRecords = ({ records, resuming }: RunState): NodeRecord[] =>
  resuming ? records.filter((record) => record.nodeId !== resuming.nodeId) : records;

const placeOf = ({ iteration, parentNodeId }: RunContext): RecordPlace | undefined =>
  iteration && parentNodeId !== undefined ? { iteration, parentNodeId } : undefined;

function pause(context: RunContext, node: PlannedNode, result: NodeResult): Outcome {
  const { run: state, services } = context;
  const { id: nodeId, label } = node;
  const action = pauseAction(services.newId(), { nodeId, label, input: result.input });
  result.output.humanInputAction = action;
  const record: NodeRecord = { ...recordOf(node, result), status: "STOPPED" };
  state.records = earlierRecords(state);
  state.records.push(record);
  state.resuming = undefined;
  state.reached = undefined;
  state.paused = { nodeId, action, keep: result.pause?.keep };
  state.state = result.state ?? state.state;
  if (result.chatHistory) state.history.push(...result.chatHistory);
  services.emit({ type: "node.stopped", nodeId, label, record });
  services.checkpoint(state);
  return pausedOutcome(state);
}

const pausedOutcome = (state: RunState): Outcome => ({
  status: "STOPPED",
  text: answerOf(state),
  ...(state.paused && { action: state.paused.action }),
  run: state,
});

function fail(context: RunContext, node: PlannedNode, cause: unknown): Outcome {
  const { run: state, services } = context;
  const message = cause instanceof Error ? cause.message : String(cause);
  // A model call that was cut is an error of its node in Flowise's records; any other cut is a cancelled run.
  const canceled =
    message.includes("Aborted") ||
    (services.signal.aborted && !/^Error in [\w ]+ node: /.test(message));
  const error = canceled ? "Flow execution was cancelled" : message;
  const status = canceled ? "TERMINATED" : "ERROR";
  const record = failureRecordOf(node, status, error);
  state.records.push(...(state.iteration?.records ?? []), record);
  services.emit({
    type: "node.failed",
    nodeId: node.id,
    label: node.label,
    inner: !context.topLevel,
    status,
    error,
    record,
  });
  return { status, text: "", error, run: state };
}

const answerOf = ({ records }: RunState): string => lastContent(records) || " ";
