import type { GuardedFetch } from "../http/guarded-fetch.ts";
import type { ContentPart, ModelRequest } from "../model.ts";
import { inlineImage, textOf } from "./image.ts";

type ImagePart = Extract<ContentPart, { type: "image_url" }>;

/** Messages in Ollama's form: text, with pictures beside it as plain base64. */
export function ollamaMessages({ messages, signal }: ModelRequest, fetch: GuardedFetch) {
  return Promise.all(
    messages.map(async ({ role, content, name, toolCalls }) => {
      const pictures =
        typeof content === "string"
          ? []
          : content.filter((part): part is ImagePart => part.type === "image_url");
      const images = await Promise.all(pictures.map((part) => inlineImage(part, fetch, signal)));
      return {
        role: role === "developer" ? "system" : role,
        content: textOf(content),
        ...(images.length > 0 && { images: images.map(({ base64 }) => base64) }),
        ...(role === "tool" && name && { tool_name: name }),
        ...(toolCalls?.length && {
          tool_calls: toolCalls.map((call) => ({
            function: { name: call.name, arguments: call.args },
          })),
        }),
      };
    }),
  );
}
