import type { PendingTalk, Talk } from "./agent-approval.ts";
import { toChatMessage } from "./conversation.ts";
import type { HistoryMessage, UsedTool } from "./event.ts";
import type { ToolCall } from "./model.ts";

/** What tools brought to light, to be shown with the answer. */
export interface AgentFinds {
  usedTools: UsedTool[];
  sourceDocuments: unknown[];
  artifacts: unknown[];
  fileAnnotations: unknown[];
}

/** The messages of a talk, as records show them and as the model gets them. */
export function openTalk(earlier: Talk | undefined, begun: HistoryMessage[]) {
  const messages = [...(earlier?.messages ?? begun)];
  const metadata = { ...earlier?.metadata };
  const usages = [...(earlier?.usages ?? [])];
  const nothing = { usedTools: [], sourceDocuments: [], artifacts: [], fileAnnotations: [] };
  const found: AgentFinds = structuredClone({ ...nothing, ...earlier?.found });
  const asSent = (message: HistoryMessage, index: number) => ({
    ...toChatMessage(message),
    ...(metadata[index] && { metadata: metadata[index] }),
  });
  const sent = messages.map(asSent);
  return {
    messages,
    sent,
    found,
    usages,
    add(message: HistoryMessage, about?: Record<string, unknown>): void {
      if (about) metadata[messages.length] = about;
      sent.push(asSent(message, messages.length));
      messages.push(message);
    },
    /** As it is now, whatever is said later. */
    soFar: (): Talk => ({
      messages: [...messages],
      metadata: { ...metadata },
      found: structuredClone(found),
      usages: [...usages],
    }),
    onHold: (
      answer: PendingTalk["answer"],
      calls: ToolCall[],
      asking: ToolCall[],
    ): PendingTalk => ({
      messages,
      metadata,
      answer,
      calls,
      tools: asking.map((call) => call.name),
      found,
      usages,
    }),
  };
}
