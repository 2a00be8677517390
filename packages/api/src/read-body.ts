import { AppError } from "@sluice/core/error";
import type { Context } from "hono";

/**
 * Reads a JSON or urlencoded body of bounded size; an absent or unknown one counts as empty.
 * Throws `invalid` with the parser's words, `too_large` past the bound.
 */
export async function readBody(c: Context, maxBytes: number): Promise<unknown> {
  const type = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return parseBody(type, await readText(c, maxBytes));
}

/** The body of a request of this content type; an empty object for types that nobody reads. */
export function parseBody(type: string, text: string): unknown {
  if (type === "application/x-www-form-urlencoded")
    return Object.fromEntries(new URLSearchParams(text));
  if ((type !== "application/json" && type !== "") || text === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid", (cause as Error).message, { cause });
  }
}

/** The text of a body, whatever its type. */
export async function readText(c: Context, maxBytes: number): Promise<string> {
  const announced = Number(c.req.header("content-length") ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  // Without an announced length the body has to be counted as it comes.
  if (c.req.header("content-length") !== undefined) return c.req.text();
  const { body } = c.req.raw;
  if (!body) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const tooLarge = (maxBytes: number) =>
  new AppError("too_large", `The body is larger than ${maxBytes} bytes (FLOWISE_FILE_SIZE_LIMIT)`);
