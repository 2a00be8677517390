import type { AgentFinds } from "./agent-talk.ts";
import type { HistoryMessage } from "./event.ts";
import type { ModelAnswer, ToolCall, Usage } from "./model.ts";
import type { Resumed } from "./node.ts";

/** An agent's talk after a round of tools. */
export interface Talk {
  /** All that was said. */
  messages: HistoryMessage[];
  /** Of assistant messages, what their provider wants to see again, by index. */
  metadata: Record<number, Record<string, unknown>>;
  found: AgentFinds;
  /** Of each call of the model, in order. */
  usages: Usage[];
}

/** An agent's talk as it stands while a human decides about the tools that it wants to call: the message with the calls is its last one. */
export interface PendingTalk extends Talk {
  answer: ModelAnswer & { reasoningS?: number | undefined };
  calls: ToolCall[];
  /** Names of the tools that wait for a yes. */
  tools: string[];
}

/** A text that shows which calls wait for a yes. */
export function attemptText(text: string, calls: ToolCall[]): string {
  const shown = calls.map(
    (call) => `\`\`\`json\n${JSON.stringify(callRecord(call), null, 2)}\n\`\`\``,
  );
  return [text, "Attempting to use tool:", ...shown].join("\n");
}

/** A call in LangChain's shape, which records show. */
export const callRecord = ({ name, args, id }: ToolCall) => ({ name, args, id, type: "tool_call" });

/** The talk that a human has decided about. After a no the calls are forgotten, and the tools that they named go. */
export function decided({ humanInput, keep }: Resumed): {
  talk: PendingTalk;
  /** Calls to run now. */
  approved: ToolCall[] | undefined;
  /** Names of tools that are not offered any more. */
  refused: string[];
} {
  const talk = keep as PendingTalk;
  if (humanInput.type === "proceed") return { talk, approved: talk.calls, refused: [] };
  const messages = talk.messages.slice(0, -1);
  return { talk: { ...talk, messages }, approved: undefined, refused: talk.tools };
}
