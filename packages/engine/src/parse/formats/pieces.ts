import type { Document } from "../../retrieval/document.ts";

/** What LangChain's loaders, and so Flowise's, tell of a file that was handed to them. */
export const blob = { source: "blob", blobType: "" };

/** Texts of one file as documents, numbered where there are several. */
export const numbered = (texts: string[]): Document[] =>
  texts.map((pageContent, index) => ({
    pageContent,
    metadata: texts.length > 1 ? { ...blob, line: index + 1 } : { ...blob },
  }));

export function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("is not text in UTF-8");
  }
}
