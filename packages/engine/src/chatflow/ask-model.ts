import type { ChatMessage, ChatModel, ContentPart, ModelAnswer, ModelRequest } from "../model.ts";
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
    signal: services.signal,
    ...(streams && { onText: (text: string) => voice.say(text) }),
  });
  if (voice && !streams && answer.text) voice.say(answer.text);
  voice?.begin();
  return answer;
}

/** Uploaded images as parts of a message, where the model may see them. */
export function imageParts({ request }: ChatNodeRun, model: ChatModel): ContentPart[] {
  if (!model.allowsImages) return [];
  return (request.uploads ?? [])
    .filter(({ data, mime, type }) => data && (mime?.startsWith("image/") || type === "url"))
    .map(({ data }) => ({ type: "image_url", image_url: { url: data! } }));
}

/** Puts images into the last message of the user. */
export function withImages(messages: ChatMessage[], images: ContentPart[]): ChatMessage[] {
  if (images.length === 0) return messages;
  const last = messages.findLastIndex(({ role }) => role === "user");
  return messages.map((message, index) => {
    if (index !== last) return message;
    const { content } = message;
    const said: ContentPart[] =
      typeof content === "string" ? [{ type: "text", text: content }] : content;
    return { ...message, content: [...said, ...images] };
  });
}
