import type { HistoryMessage } from "./event.ts";
import type { ChatModel } from "./model.ts";
import type { NodeRun } from "./node.ts";

export interface Memory {
  type: string;
  /** Exchanges kept by `windowSize`; undefined keeps all. */
  window: number | undefined;
  /** Tokens kept word for word by `conversationSummaryBuffer`. */
  maxTokens: number;
}

/** The part of a conversation that a model node sends, cut by its memory type. */
export async function remembered(
  memory: Memory,
  history: HistoryMessage[],
  before: HistoryMessage[],
  model: ChatModel,
  context: NodeRun,
): Promise<HistoryMessage[]> {
  if (history.length === 0) return history;
  switch (memory.type) {
    case "windowSize":
      return memory.window ? history.slice(-2 * memory.window) : history;
    case "conversationSummary":
      return [{ role: "assistant", content: await summarise(history, model, context) }];
    case "conversationSummaryBuffer":
      return buffered(memory, history, before, model, context);
    default:
      return history;
  }
}

async function buffered(
  memory: Memory,
  history: HistoryMessage[],
  before: HistoryMessage[],
  model: ChatModel,
  context: NodeRun,
): Promise<HistoryMessage[]> {
  const sizes = history.map((message) => tokensOf(line(message)));
  let total = sizes.reduce((sum, size) => sum + size, 0);
  let cut = 0;
  while (total > memory.maxTokens && cut < history.length) total -= sizes[cut++]!;
  if (cut === 0) return history;
  const summary = await summarise(history.slice(0, cut), model, context);
  const role = before.some((message) => message.role === "system") ? "user" : "system";
  return [{ role, content: `Previous conversation summary: ${summary}` }, ...history.slice(cut)];
}

async function summarise(history: HistoryMessage[], model: ChatModel, { services }: NodeRun) {
  const content = `Summarise the conversation below in a few sentences. Keep names, facts, decisions and open questions; leave out small talk. Answer with the summary only.\n\n${history.map(line).join("\n")}\n\nSummary:`;
  const answer = await model.generate({
    messages: [{ role: "user", content }],
    signal: services.signal,
  });
  return answer.text;
}

const line = ({ role, content }: HistoryMessage) =>
  `${role}: ${typeof content === "string" ? content : JSON.stringify(content)}`;

// About four characters a token: close enough to decide what is summarised, without a tokenizer for each provider.
const tokensOf = (text: string) => Math.ceil(text.length / 4);
