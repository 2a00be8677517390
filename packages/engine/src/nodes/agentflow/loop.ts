import { z } from "zod";
import { text } from "../../input.ts";
import { defineNode, type NodeRun } from "../../node.ts";
import { loopTarget } from "../../plan-problems.ts";

const defaultMax = 5;

/** Goes back to an earlier node, a limited number of times. */
export const loop = defineNode({
  name: "loopAgentflow",
  inputs: z.object({
    loopBackToNode: text,
    maxLoopCount: z.unknown().optional(),
    fallbackMessage: text,
    loopUpdateState: z.unknown().optional(),
  }),
  run({ loopBackToNode, maxLoopCount, fallbackMessage, loopUpdateState }, context) {
    const to = loopTarget(loopBackToNode);
    const label = loopBackToNode.slice(to.length + 1);
    const given = maxLoopCount || defaultMax;
    // The text "0" means the operator's limit.
    const max = Number(given) || context.services.limits.maxLoopCount;
    const content = `Loop back to ${label} (${to})`;
    const fallback =
      fallbackMessage || `Loop completed after reaching maximum iteration count of ${max}.`;
    return {
      input: { nodeID: to, maxLoopCount: given },
      output: {
        content,
        nodeID: to,
        maxLoopCount: given,
        ...("fallbackMessage" in context.rawInputs && { fallbackMessage }),
      },
      state: stateAfter(context, loopUpdateState, content),
      loop: { to, max, fallback },
    };
  },
});

/** A value that holds `{{ output }}` becomes the content, whatever stands around it. */
function stateAfter({ run }: NodeRun, updates: unknown, content: string): Record<string, unknown> {
  const next = { ...run.state };
  for (const row of Array.isArray(updates) ? updates : [])
    if (typeof row?.key === "string" && row.key !== "") next[row.key] = row.value;
  for (const [key, value] of Object.entries(next))
    if (typeof value === "string" && value.includes("{{ output }}")) next[key] = content;
  return next;
}
