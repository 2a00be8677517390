import mammoth from "mammoth";
import type { Document } from "../../retrieval/document.ts";
import type { Budget } from "../budget.ts";
import { checkArchive } from "./check-archive.ts";
import { blob } from "./pieces.ts";

/** The text of a Word document. */
export async function readDocx(bytes: Uint8Array, budget: Budget): Promise<Document[]> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const notDocx = (cause: Error) => {
    throw new Error(`is not a DOCX that can be read: ${cause.message}`, { cause });
  };
  await checkArchive(buffer, budget.limits.maxUnpackedBytes, notDocx);
  const { value } = await mammoth.extractRawText({ buffer }).catch(notDocx);
  return value ? [{ pageContent: budget.take(value), metadata: { ...blob } }] : [];
}
