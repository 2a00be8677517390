import type { NodeRun } from "./node.ts";
import type { Plan } from "./plan.ts";
import { type Outcome, run } from "./run.ts";
import type { OverridePermissions, RunInput } from "./run-input.ts";
import type { Services } from "./services.ts";

/** Another flow as it is now, ready to run inside a run. */
export interface Subflow {
  plan: Plan;
  permissions: OverridePermissions | undefined;
  messageId: string;
  /** What it may touch. Nobody listens to its events; a stop of the run outside stops it. */
  services: Services;
  /** Stores what it leaves: its own messages and execution. */
  finished(request: RunInput, outcome: Outcome): Promise<void>;
}

export interface SubflowCall {
  flowId: string;
  chatId: string;
  sessionId: string;
}

const maxDepth = 5;

/**
 * Runs another flow in this process, in the conversation of the run outside. Its failure is an outcome; rejects when
 * it cannot run at all, and when the run outside was stopped.
 */
export async function runSubflow(
  flowId: string,
  asked: Pick<RunInput, "question" | "overrideConfig" | "runId">,
  { request, services }: Pick<NodeRun, "request" | "services">,
): Promise<Outcome> {
  const callers = [...(request.callers ?? []), request.flowId];
  if (flowId === request.flowId) throw new Error("A flow cannot execute itself");
  if (callers.length > maxDepth)
    throw new Error(`Flows execute each other more than ${maxDepth} deep`);
  const { chatId } = request;
  const session = asked.overrideConfig?.sessionId;
  const sessionId = typeof session === "string" && session ? session : chatId;
  const subflow = await services.subflow({ flowId, chatId, sessionId });
  refuseUnrunnable(subflow.plan);
  const { permissions, messageId } = subflow;
  const input: RunInput = {
    ...asked,
    flowId,
    chatId,
    sessionId,
    messageId,
    callers,
    ...(permissions && { permissions }),
  };
  const outcome = await run(subflow.plan, input, subflow.services);
  await subflow.finished(input, outcome);
  if (services.signal.aborted) throw new Error(outcome.error ?? "Aborted");
  return outcome;
}

function refuseUnrunnable({ unsupported, problems, startId }: Plan): void {
  if (unsupported.length > 0)
    throw new Error(`The flow uses nodes that are not supported: ${unsupported.join(", ")}`);
  if (problems.length > 0)
    throw new Error(problems.map(({ nodeId, message }) => `${nodeId}: ${message}`).join("; "));
  if (startId === "") throw new Error("The flow has no starting node");
}
