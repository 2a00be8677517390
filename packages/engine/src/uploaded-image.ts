import type { HistoryMessage } from "./event.ts";
import type { ChatMessage, ContentPart } from "./model.ts";
import type { RunInput, Upload } from "./run-input.ts";
import type { Services } from "./services.ts";

/** How records and memory name an image: never by its content. */
type ImageReference = Upload & { type: "stored-file" | "url" };

const isImage = (upload: Upload): boolean =>
  upload.type === "url" ||
  (upload.type === "stored-file" && upload.mime?.startsWith("image/") === true);

const referenceTo = ({ type, name, mime, data }: Upload) =>
  type === "url" ? { type, name, mime, data } : { type, name, mime };

/** A request's images as a message of their own, before the question; empty without any. */
export function imageMessages({ uploads = [] }: Pick<RunInput, "uploads">): HistoryMessage[] {
  const images = uploads.filter(isImage).map(referenceTo);
  return images.length > 0 ? [{ role: "user", content: images }] : [];
}

/** Saved messages with their images in front of them, where the model may see them. */
export function withPastImages(past: HistoryMessage[], allowsImages: boolean): HistoryMessage[] {
  return past.flatMap((message) => {
    const { fileUploads, ...kept } = message.additional_kwargs ?? {};
    if (!Array.isArray(fileUploads)) return [message];
    const { additional_kwargs, ...bare } = message;
    const rest = Object.keys(kept).length > 0 ? { ...bare, additional_kwargs: kept } : bare;
    return allowsImages ? [...imageMessages({ uploads: fileUploads as Upload[] }), rest] : [rest];
  });
}

/** The images among an answer's artifacts. */
export function madeImages({ role, additional_kwargs }: HistoryMessage) {
  const artifacts = additional_kwargs?.artifacts;
  if (role !== "assistant" || !Array.isArray(artifacts)) return [];
  return (artifacts as { type?: unknown; data?: unknown }[]).flatMap(({ type, data }) => {
    const name = /^FILE-STORAGE::(.+)/.exec(String(data))?.[1];
    return name && /^(png|jpe?g|gif|webp)$/.test(String(type))
      ? [{ name, mime: `image/${type === "jpg" ? "jpeg" : type}` }]
      : [];
  });
}

/** Shows a model the images of earlier answers, for one call, each answer's in a user's message after it. */
export async function withMadeImages(
  messages: ChatMessage[],
  services: Pick<Services, "file">,
): Promise<ChatMessage[]> {
  const shown = messages.map(async (message): Promise<ChatMessage[]> => {
    const found = await Promise.all(
      (message.images ?? []).map((each) =>
        // A picture that is gone is no reason to say nothing.
        loaded({ type: "stored-file", ...each }, services).catch(() => undefined),
      ),
    );
    const content = found.filter((part) => part !== undefined);
    return content.length > 0 ? [message, { role: "user", content }] : [message];
  });
  return (await Promise.all(shown)).flat();
}

/** Puts the content of stored images in the place of their references, for one call of a model. */
export async function withImageContent(
  messages: ChatMessage[],
  services: Pick<Services, "file">,
): Promise<ChatMessage[]> {
  return Promise.all(
    messages.map(async (message) => {
      if (!Array.isArray(message.content) || !message.content.some(isReference)) return message;
      const content = await Promise.all(
        (message.content as (ContentPart | ImageReference)[]).map((part) =>
          isReference(part) ? loaded(part, services) : part,
        ),
      );
      return { ...message, content };
    }),
  );
}

/** True for a message of images alone, as {@link imageMessages} makes them. */
export const holdsImages = ({ content }: HistoryMessage): boolean =>
  Array.isArray(content) && content.some(isReference);

const isReference = (part: object): part is ImageReference =>
  "type" in part && (part.type === "stored-file" || part.type === "url");

async function loaded(
  { type, name, mime, data }: ImageReference,
  services: Pick<Services, "file">,
) {
  if (type === "url") return image(data ?? "");
  const bytes = await services.file(name);
  return image(`data:${mime ?? "image/png"};base64,${bytes.toString("base64")}`);
}

const image = (url: string): ContentPart => ({ type: "image_url", image_url: { url } });
