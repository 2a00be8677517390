import type { IncomingMessage } from "node:http";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";
import { connectionError, FetchError } from "./fetch-error.ts";
import type { GuardedResponse } from "./guarded-fetch.ts";

const defaultMaxBytes = 50 * 1024 * 1024;

const decoderOf: Record<string, () => NodeJS.ReadWriteStream> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

export function guardedResponse(
  message: IncomingMessage,
  context: { url: string; host: string; maxBytes?: number; signal?: AbortSignal },
): GuardedResponse {
  const headers: Record<string, string> = {};
  for (const name in message.headers) {
    const value = message.headers[name];
    if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(", ");
  }
  let read: Promise<Buffer> | undefined;
  const bytes = () => (read ??= readBytes(message, headers, context));
  const text = async () => decodeText(await bytes(), headers["content-type"]);
  return {
    status: message.statusCode ?? 0,
    statusText: message.statusMessage ?? "",
    headers,
    url: context.url,
    body: message,
    bytes,
    text,
    json: async () => JSON.parse(await text()) as unknown,
  };
}

/** The body as it was before `content-encoding`. */
export function decodedBody(
  message: IncomingMessage,
  encoding: string | undefined,
): NodeJS.ReadableStream {
  const decode = decoderOf[encoding?.trim().toLowerCase() ?? ""];
  if (!decode) return message;
  const decoder = decode();
  message.once("error", (error) => decoder.emit("error", error));
  return message.pipe(decoder);
}

function readBytes(
  message: IncomingMessage,
  headers: Record<string, string>,
  context: { host: string; maxBytes?: number; signal?: AbortSignal },
): Promise<Buffer> {
  const maxBytes = context.maxBytes ?? defaultMaxBytes;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: unknown) => {
      message.destroy();
      reject(
        context.signal?.aborted ? context.signal.reason : connectionError(context.host, error),
      );
    };
    decodedBody(message, headers["content-encoding"])
      .on("data", (chunk: Buffer) => {
        size += chunk.length;
        // Counted after decompression, so a small answer cannot unfold into a large one.
        if (size > maxBytes)
          fail(
            new FetchError(
              "too_large",
              context.host,
              `${context.host} sent more than ${maxBytes} bytes`,
            ),
          );
        else chunks.push(chunk);
      })
      .on("error", fail)
      .on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    message.once("close", () => {
      if (!message.complete) fail({ code: "ECONNRESET" });
    });
  });
}

function decodeText(bytes: Buffer, contentType: string | undefined): string {
  const charset = /charset="?([^";\s]+)/i.exec(contentType ?? "")?.[1]?.toLowerCase();
  if (!charset || charset === "utf-8" || charset === "utf8") return bytes.toString("utf8");
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString("utf8"); // a charset nobody knows
  }
}
