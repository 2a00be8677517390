import type { NodeRecord } from "./event.ts";
import type { NodeResult } from "./node.ts";
import type { PlannedNode } from "./plan.ts";
import { lastContent } from "./record.ts";
import { executionOf, type Outcome, type RunContext } from "./run.ts";
import { newRunState } from "./run-state.ts";
import { withoutCredentials } from "./without-credentials.ts";

/**
 * Runs the body of an iteration for each item, one after another, and puts the results into the node's output. Goes
 * on after the last finished item. An item that fails leaves its error as its result; a stop ends the run.
 * Returns the records of the body.
 */
export async function iterate(
  context: RunContext,
  node: PlannedNode,
  result: NodeResult,
  runBody: (context: RunContext) => Promise<Outcome>,
): Promise<NodeRecord[]> {
  const { run, services } = context;
  if (run.iteration?.nodeId !== node.id)
    run.iteration = {
      nodeId: node.id,
      items: result.iterate ?? [],
      index: 0,
      results: [],
      records: [],
    };
  const progress = run.iteration;
  while (progress.index < progress.items.length) {
    const { index } = progress;
    const body = bodyContext(context, node, index, progress.items);
    const outcome = await runBody(body);
    if (services.signal.aborted) throw new Error(outcome.error ?? "Aborted");
    if (outcome.status === "FINISHED") {
      const content = lastContent(outcome.run.records);
      if (content) progress.results.push(content);
      progress.records.push(...outcome.run.records.map(shown));
    } else progress.results.push(`Error in iteration ${index + 1}: ${outcome.error}`);
    run.state = { ...run.state, ...outcome.run.state };
    progress.index++;
    if (context.topLevel) services.checkpoint(run);
  }
  run.iteration = undefined;
  const { items, results, records } = progress;
  result.input = { iterationInput: items };
  result.output = { iterationResults: results, content: results.join("\n") };
  result.state = { ...run.state };
  return records;
}

/** Records of a body name no credential, in Flowise's records neither. */
const shown = (record: NodeRecord) => withoutCredentials(record) as NodeRecord;

/** The body sees question, form and state, but no node outside and no message of the run. */
function bodyContext(
  context: RunContext,
  node: PlannedNode,
  index: number,
  items: unknown[],
): RunContext {
  const { run, request } = context;
  return {
    ...context,
    topLevel: false,
    run: {
      ...newRunState(""),
      queue: [...node.body],
      state: { ...run.state },
      form: run.form,
      webhook: run.webhook,
      ephemeral: run.ephemeral,
    },
    parentNodeId: node.id,
    within: `${executionOf(context, node)}[${index}]/`,
    outer: run,
    iteration: {
      index,
      value: items[index],
      isFirst: index === 0,
      isLast: index === items.length - 1,
      sessionId: request.sessionId,
    },
  };
}
