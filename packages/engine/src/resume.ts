import type { RunInput } from "./run-input.ts";
import type { RunState } from "./run-state.ts";

/**
 * Makes a paused run ready to go on with a human's answer. What was said before is in the saved conversation by now,
 * which models see from here on; a conversation that remembers nothing keeps it in the run.
 */
export function resumedState(state: RunState): RunState {
  const { paused } = state;
  if (!paused) throw new Error("The run does not wait for a human");
  const copy = structuredClone(state);
  return {
    ...copy,
    history: state.ephemeral ? copy.history : [],
    saidBefore: copy.history,
    pauses: (state.pauses ?? 0) + 1,
    passes: 0,
    paused: undefined,
    resuming: { nodeId: paused.nodeId, keep: paused.keep },
  };
}

/** The buttons that Flowise's clients show, and what they are about. */
export function pauseAction(
  id: string,
  { nodeId, label, input }: { nodeId: string; label: string; input: unknown },
): Record<string, unknown> {
  return {
    id,
    mapping: { approve: "Proceed", reject: "Reject" },
    elements: [
      { type: "agentflowv2-approve-button", label: "Proceed" },
      { type: "agentflowv2-reject-button", label: "Reject" },
    ],
    data: { nodeId, nodeLabel: label, input },
  };
}

/** The human's answer, where this node is the one that waited for it. */
export function answerFor(nodeId: string, { resuming }: RunState, { humanInput }: RunInput) {
  if (resuming?.nodeId !== nodeId || !humanInput) return undefined;
  const { type, feedback } = humanInput;
  return {
    humanInput: { type, startNodeId: nodeId, ...(feedback && { feedback }) },
    keep: resuming.keep,
  };
}
