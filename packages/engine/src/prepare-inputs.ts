import { overrideInputs, permittedVariables } from "./override.ts";
import type { PlannedNode } from "./plan.ts";
import { compileValue, type ReferenceScope, referencesIn, resolveValue } from "./reference.ts";
import { uploadedText } from "./request.ts";
import type { RunContext } from "./run.ts";

/** A node's inputs for this request: saved values, overridden where permitted, references looked up. */
export async function prepareInputs(
  context: RunContext,
  node: PlannedNode,
): Promise<{ inputs: Record<string, unknown>; scope: Record<string, unknown> }> {
  const { request } = context;
  const changed =
    request.overrideConfig && request.permissions
      ? overrideInputs(node, request.overrideConfig, request.permissions)
      : {};
  const inputs: Record<string, unknown> = { ...node.inputs, ...changed };
  const scope = await scopeOf(context, node);
  for (const [name, compiled] of Object.entries(node.compiled))
    if (!(name in changed)) inputs[name] = resolveValue(compiled, scope);
  for (const [name, value] of Object.entries(changed))
    if (node.acceptsVariables.has(name))
      inputs[name] = resolveValue(await compileValue(value), scope);
  return { inputs, scope: scope.flow };
}

/** Looks up references in a value that was not known when the flow was planned. */
export async function resolveReferences(context: RunContext, value: unknown): Promise<unknown> {
  const compiled = await compileValue(value);
  return resolveValue(compiled, await scopeOf(context, usesOf([...referencesIn(compiled)])));
}

type Uses = Pick<PlannedNode, "usesVariables" | "usesHistory">;

/** What a value with these references needs to have loaded. */
const usesOf = (names: string[]): Uses => ({
  usesVariables: names.some((name) => name.startsWith("$vars.")),
  usesHistory: names.some((name) => /^(chat_history|\$flow\.chatHistory)/.test(name)),
});

async function scopeOf(context: RunContext, uses: Uses): Promise<ReferenceScope> {
  const { request, run, services } = context;
  const past = uses.usesHistory ? await context.past() : [];
  const overridden = uses.usesVariables || request.overrideConfig?.vars !== undefined;
  const stored = overridden ? await context.variables() : {};
  const messages = [...past, ...run.history];
  return {
    question: request.question,
    fileText: uploadedText(request),
    form: request.form ?? run.form,
    // A run that goes on keeps the payload that it began with.
    webhook: run.webhook ?? request.webhook,
    variables: {
      ...stored,
      ...permittedVariables(request.overrideConfig?.vars, request.permissions),
    },
    flow: {
      chatflowid: request.flowId,
      chatflowId: request.flowId,
      chatId: request.chatId,
      sessionId: request.sessionId,
      apiMessageId: request.messageId,
      chatHistory: past,
      runtimeChatHistoryLength: Math.max(0, run.history.length - 1),
      state: run.state,
    },
    iteration: context.iteration,
    loopCount: run.loopCount,
    runMessages: run.history.length,
    chatHistory: () =>
      messages
        .filter((m) => typeof m.content === "string" && m.content !== "")
        .map((m) => `${m.role === "user" ? "Human" : "Assistant"}: ${m.content}`)
        .join("\n"),
    now: () => new Date(services.now()).toISOString(),
    output(nodeId) {
      const outer = context.plan.fixes?.has("iterationOutputs") ? context.outer?.records : [];
      const records = [...(outer ?? []), ...run.records];
      return records.findLast((record) => record.nodeId === nodeId)?.data.output;
    },
  };
}
