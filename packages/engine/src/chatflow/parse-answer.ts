import type { ChatMessage, ChatModel } from "../model.ts";
import type { ChatNodeRun } from "./chat-node.ts";
import type { OutputParser } from "./chat-parts.ts";

/** Tells the model of the form, at the end of the first message. */
export function withInstructions(
  [first, ...others]: ChatMessage[],
  parser: OutputParser | undefined,
): ChatMessage[] {
  if (!first || !parser || typeof first.content !== "string")
    return first ? [first, ...others] : [];
  return [{ ...first, content: `${first.content}\n${parser.instructions}` }, ...others];
}

/** Reads the model's answer; where the author wants it, the model itself repairs what does not parse, once. */
export async function parseAnswer(
  parser: OutputParser,
  text: string,
  model: ChatModel,
  { services }: Pick<ChatNodeRun, "services">,
): Promise<unknown> {
  try {
    return parser.parse(text);
  } catch (error) {
    if (!parser.repairs) throw error;
    const content = `An answer had to have this form:\n${parser.instructions}\n\nThe answer was:\n${text}\n\nIt cannot be read: ${error instanceof Error ? error.message : error}\n\nWrite the answer again in the right form, and nothing else.`;
    const messages = [{ role: "user" as const, content }];
    return parser.parse((await model.generate({ messages, signal: services.signal })).text);
  }
}
