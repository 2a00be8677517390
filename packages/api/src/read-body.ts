import { AppError } from "@sluice/core/error";
import type { Context } from "hono";
import { parseForm, parseMultipart } from "./multipart-body.ts";
import { parseJson } from "./parse-json.ts";

/** As many as Express takes. */
const maxParameters = 1000;

/**
 * Reads a JSON, urlencoded or multipart body of bounded size; an absent or unknown one counts as empty.
 * Throws `invalid` with the parser's words, `too_large` past the bound.
 */
export async function readBody(c: Context, maxBytes: number): Promise<unknown> {
  const header = c.req.header("content-type") ?? "";
  const type = header.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "multipart/form-data") return parseMultipart(header, await readBytes(c, maxBytes));
  return parseBody(type, await readText(c, maxBytes));
}

/** The body of a request of this content type; an empty object for types that nobody reads. */
export function parseBody(type: string, text: string): unknown {
  if (type === "application/x-www-form-urlencoded") return parseFields(text);
  if ((type !== "application/json" && type !== "") || text === "") return {};
  return parseJson(text);
}

function parseFields(text: string): Record<string, string> {
  let at = -1;
  for (let found = 0; found < maxParameters; found++) {
    at = text.indexOf("&", at + 1);
    if (at < 0) return Object.fromEntries(new URLSearchParams(text));
  }
  throw new AppError("invalid", `The form has more than ${maxParameters} fields`);
}

/** A multipart form of bounded size. */
export async function readForm(c: Context, maxBytes: number): Promise<FormData> {
  return parseForm(c.req.header("content-type") ?? "", await readBytes(c, maxBytes));
}

/** The text of a body, whatever its type. */
export async function readText(c: Context, maxBytes: number): Promise<string> {
  if (isAnnounced(c, maxBytes)) return c.req.text();
  return (await countedBytes(c, maxBytes)).toString("utf8");
}

async function readBytes(c: Context, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (isAnnounced(c, maxBytes)) return new Uint8Array(await c.req.arrayBuffer());
  return new Uint8Array(await countedBytes(c, maxBytes));
}

function isAnnounced(c: Context, maxBytes: number): boolean {
  const length = c.req.header("content-length");
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return length !== undefined;
}

/** Without an announced length the body has to be counted as it comes. */
async function countedBytes(c: Context, maxBytes: number): Promise<Buffer> {
  const { body } = c.req.raw;
  if (!body) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { value: chunk } = await reader.read();
    if (!chunk) return Buffer.concat(chunks);
    size += chunk.length;
    // Not cancelled, which would close the connection before the answer is out: the server drains what is left for a moment.
    if (size > maxBytes) {
      reader.releaseLock();
      throw tooLarge(maxBytes);
    }
    chunks.push(chunk);
  }
}

const tooLarge = (maxBytes: number) =>
  new AppError("too_large", `The body is larger than ${maxBytes} bytes (FLOWISE_FILE_SIZE_LIMIT)`);
