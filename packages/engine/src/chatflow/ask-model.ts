import type { ChatMessage, ChatModel, ContentPart, ModelAnswer, ModelRequest } from "../model.ts";
import { imageMessages, withImageContent } from "../uploaded-image.ts";
import type { ChatNodeRun } from "./chat-node.ts";

/** Asks a model; says its text while it comes where the node has a voice. */
export async function askModel(
  model: ChatModel,
  request: Omit<ModelRequest, "signal">,
  { services, voice }: Pick<ChatNodeRun, "services" | "voice">,
): Promise<ModelAnswer> {
  const streams = voice && model.streaming;
  const answer = await model.generate({
    ...request,
    messages: await withImageContent(request.messages, services),
    signal: services.signal,
    ...(streams && { onText: (text: string) => voice.say(text) }),
  });
  if (voice && !streams && answer.text) voice.say(answer.text);
  voice?.begin();
  return answer;
}

/** Puts the request's images into the last message of the user, in front of its text, where the model may see them. */
export function withImages(
  messages: ChatMessage[],
  model: ChatModel,
  { request }: Pick<ChatNodeRun, "request">,
): ChatMessage[] {
  const images = model.allowsImages ? imageMessages(request)[0]?.content : undefined;
  if (!images) return messages;
  const last = messages.findLastIndex(({ role }) => role === "user");
  return messages.map((message, index) => {
    if (index !== last) return message;
    const { content } = message;
    const said = typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
    return { ...message, content: [...(images as ContentPart[]), ...said] };
  });
}
