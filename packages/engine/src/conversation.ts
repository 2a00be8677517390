import { z } from "zod";
import type { HistoryMessage } from "./event.ts";
import { rows, text } from "./input.ts";
import { type Memory, remembered } from "./memory.ts";
import type { ChatMessage, ChatModel, ToolCall } from "./model.ts";
import type { NodeRun } from "./node.ts";
import { checkedHistory } from "./request.ts";
import { holdsImages, imageMessages, madeImages, withPastImages } from "./uploaded-image.ts";
import { withPastTexts } from "./uploaded-text.ts";

export const MessageRows = rows(z.object({ role: text, content: text }));

export interface Conversation {
  configured: z.infer<typeof MessageRows>;
  /** Undefined when the node remembers nothing. */
  memory: Memory | undefined;
  userMessage: string;
}

/** What a model node sends: the request's history, its configured messages and what it remembers, in Flowise's order. */
export async function conversationOf(
  { configured, memory, userMessage }: Conversation,
  model: ChatModel,
  context: NodeRun,
): Promise<HistoryMessage[]> {
  const { run, input, request } = context;
  const first = run.history.length === 0;
  const messages: HistoryMessage[] = first ? checkedHistory(request.history) : [];
  for (const { role, content } of configured) {
    if (!content) continue;
    if (role === "system") messages.unshift({ role, content });
    else messages.push({ role, content });
  }
  const said: HistoryMessage[] =
    first && input
      ? [...(model.allowsImages ? imageMessages(request) : []), { role: "user", content: input }]
      : [];
  if (memory) {
    const told = await withPastTexts(await context.past(), context.services);
    const past = withPastImages(told, model.allowsImages);
    const history = [...past, ...run.history, ...said];
    messages.push(...(await remembered(memory, history, messages, model, context)));
    if (userMessage) messages.push({ role: "user", content: userMessage });
  } else if (!configured.some(({ role }) => role === "user")) messages.push(...said);
  return messages;
}

/** What a model node adds to the run's history: what the user said, once, and its answer. */
export function spoken(
  { configured, memory }: Conversation,
  answer: { content: string; returnAs: string; sent: HistoryMessage[] },
  context: NodeRun,
): HistoryMessage[] {
  const { run, input, label } = context;
  const history: HistoryMessage[] = [];
  if (run.history.length === 0) {
    const own = memory ? [] : configured.filter(({ role, content }) => role === "user" && content);
    history.push(...answer.sent.filter(holdsImages));
    if (own.length > 0) history.push(...own);
    else if (input) history.push({ role: "user", content: input });
  }
  history.push({
    role: answer.returnAs === "assistantMessage" ? "assistant" : "user",
    content: answer.content,
    name: messageName(label),
  });
  return history;
}

/** A node's label as providers take it for a message's name. */
export const messageName = (label: string): string => label.toLowerCase().replaceAll(/\s/g, "_");

export function toChatMessage(message: HistoryMessage): ChatMessage {
  const calls = message.tool_calls as ToolCall[] | undefined;
  const images = madeImages(message);
  return {
    role: message.role as ChatMessage["role"],
    content: message.content as ChatMessage["content"],
    ...(message.name !== undefined && { name: message.name }),
    ...(calls?.length && { toolCalls: calls }),
    ...(message.tool_call_id !== undefined && { toolCallId: message.tool_call_id }),
    ...(images.length > 0 && { images }),
  };
}
