import { AppError } from "@sluice/core/error";
import type { FileParser, ParseOptions } from "@sluice/engine/parse/file-parser";

const formats: Record<string, ParseOptions> = {
  "application/pdf": { format: "pdf", perFile: true },
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": { format: "docx" },
};
const isText = (mime: string) =>
  mime.startsWith("text/") ||
  ["application/json", "application/sql", "application/xml", "application/x-yaml"].includes(mime);

/** The text of a file that a user puts into a conversation as a whole. Throws `invalid` where there is none to be had. */
export async function attachmentText(
  parser: FileParser | undefined,
  { name, mime, bytes }: { name: string; mime: string; bytes: Buffer },
  { signal: gone, until }: { signal: AbortSignal; until: number },
): Promise<string> {
  if (isText(mime)) return bytes.toString("utf8");
  const how = Object.hasOwn(formats, mime) ? formats[mime] : undefined;
  if (!how || !parser)
    throw new AppError("invalid", `${name}: files of type ${mime || "unknown"} cannot be read`);
  // Its timer lasts as long as it says: only what takes time has one.
  const signal = AbortSignal.any([gone, AbortSignal.timeout(Math.max(0, until - Date.now()))]);
  try {
    const { documents } = await parser.parse({ name, bytes, how }, signal);
    return documents.map(({ pageContent }) => pageContent).join("\n\n");
  } catch (cause) {
    signal.throwIfAborted();
    throw new AppError("invalid", cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
}
