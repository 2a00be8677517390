import { z } from "zod";
import type { Document } from "./document.ts";
import type { Splitter } from "./splitter.ts";

/** `metadata`: JSON text or an object. */
export const Metadata = z.preprocess(
  (value, context) => {
    if (value === "" || value === null || value === undefined) return {};
    try {
      return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
    } catch {
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  },
  z.record(z.string(), z.unknown()),
);

export interface LoaderOptions {
  splitter: Splitter | undefined;
  /** Laid over what the loader knows of a document. */
  metadata: Record<string, unknown>;
  /** A comma list of names to leave out; `*` leaves out what the loader knows. */
  omit: string;
}

/** What every loader does with its documents. */
export async function finished(
  documents: Document[],
  { splitter, metadata, omit }: LoaderOptions,
): Promise<Document[]> {
  const pieces = splitter ? await splitter.split(documents) : documents;
  const omitted = new Set(omit.split(",").map((name) => name.trim()));
  return pieces.map((piece) => {
    const known = omitted.has("*") ? {} : piece.metadata;
    const entries = Object.entries({ ...known, ...metadata });
    return {
      ...piece,
      metadata: Object.fromEntries(entries.filter(([name]) => !omitted.has(name))),
    };
  });
}

/** Documents as one text, as prompts take it. */
export const joinedText = (documents: Document[]): string =>
  documents.map(({ pageContent }) => `${pageContent}\n`).join("");
