import { toChatMessage } from "../conversation.ts";
import type { HistoryMessage } from "../event.ts";
import type { ChatMessage, ChatModel } from "../model.ts";
import { checkedHistory } from "../request.ts";
import { withPastImages } from "../uploaded-image.ts";
import { withPastTexts } from "../uploaded-text.ts";
import type { ChatRun } from "./chat-node.ts";

/** The request's own history in front of the saved messages of the session. */
export async function pastMessages(
  run: Pick<ChatRun, "past" | "request">,
): Promise<HistoryMessage[]> {
  return [...requestMessages(run.request), ...(await run.past())];
}

/** The same as a model takes them, with the texts of files in front of what was said with them. */
export const rememberedMessages = async (
  run: Pick<ChatRun, "past" | "request" | "services">,
): Promise<HistoryMessage[]> => [
  ...requestMessages(run.request),
  ...(await withPastTexts(await run.past(), run.services)),
];

/** The messages that came with the request. */
export const requestMessages = (request: ChatRun["request"]): HistoryMessage[] =>
  requestHistory(request.history);

/** Messages as a model takes them; empty ones say nothing. */
export const toChatMessages = (
  messages: HistoryMessage[],
  { allowsImages }: Pick<ChatModel, "allowsImages">,
): ChatMessage[] =>
  withPastImages(messages, allowsImages)
    .filter(({ content }) => content !== "")
    .map(toChatMessage);

/** One line for each message, as prompts show a conversation. */
export const historyLines = (
  messages: { role: string; content: unknown }[],
  names = { user: "Human", assistant: "Assistant" },
): string =>
  messages
    .filter(({ content }) => typeof content === "string" && content !== "")
    .map(({ role, content }) => `${role === "user" ? names.user : names.assistant}: ${content}`)
    .join("\n");

/** Chatflows take `{type, message}` of older clients, too. */
function requestHistory(history: unknown): HistoryMessage[] {
  if (!Array.isArray(history)) return checkedHistory(history);
  return checkedHistory(
    history.map((one) =>
      one?.role === undefined && one?.type !== undefined
        ? { role: one.type, content: one.message }
        : one,
    ),
  );
}
