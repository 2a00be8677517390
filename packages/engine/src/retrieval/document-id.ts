import { createHash } from "node:crypto";
import type { Document } from "./document.ts";

/** The namespace of LangChain's indexing API. */
const namespace = Buffer.from("10f90ea390a44962bf7583a0f3c1c62a", "hex");

/** A UUID of version 5. */
export function nameId(name: string): string {
  const bytes = createHash("sha1").update(namespace).update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [0, 8, 12, 16, 20]
    .map((from, i, all) => hex.slice(from, all[i + 1] ?? hex.length))
    .join("-");
}

const hashed = (text: string): string => nameId(createHash("sha256").update(text).digest("hex"));

/**
 * The id of a document by its content and metadata, made in the manner of LangChain's indexing API. Its releases hash
 * differently from each other (one with a SHA-256 that is none), so ids that it has recorded are not met.
 */
export function documentId({ pageContent, metadata }: Document): string {
  // A list of names: only those of the first level are told apart, and those below that are among them.
  const data = JSON.stringify(metadata, Object.keys(metadata).sort());
  return hashed(hashed(pageContent) + hashed(data));
}
