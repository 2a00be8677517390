import type { GuardedFetch } from "../http/guarded-fetch.ts";
import { type ContentPart, ModelError } from "../model.ts";

export interface InlineImage {
  mime: string;
  base64: string;
}

/** The picture inside a data URI, or undefined for an address. */
export function parseDataUri(url: string): InlineImage | undefined {
  const match = /^data:([^;,]*)(?:;[^;,]*)*;base64,/.exec(url.slice(0, 200));
  return match ? { mime: match[1] || "image/png", base64: url.slice(match[0].length) } : undefined;
}

/** The picture as data, fetched if need be: for providers that take no addresses. */
export async function inlineImage(
  part: Extract<ContentPart, { type: "image_url" }>,
  fetch: GuardedFetch,
  signal: AbortSignal,
): Promise<InlineImage> {
  const { url } = part.image_url;
  const inline = parseDataUri(url);
  if (inline) return inline;
  const response = await fetch(url, { signal, maxBytes: 20 * 1024 * 1024, timeoutMs: 30_000 });
  if (response.status !== 200) {
    response.body.destroy();
    throw new ModelError(
      `An image could not be fetched: ${new URL(url).host} answered ${response.status}`,
    );
  }
  const mime = response.headers["content-type"]?.split(";")[0]?.trim() || "image/png";
  return { mime, base64: (await response.bytes()).toString("base64") };
}

/** The text of a message. */
export const textOf = (content: string | ContentPart[]): string =>
  typeof content === "string"
    ? content
    : content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
