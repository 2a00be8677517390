import type { Document } from "../retrieval/document.ts";

/** Reads files that nobody vouches for; whatever is in them, it costs bounded time and memory and nobody else's. */
export interface FileParser {
  /** Throws an error that names the file and says what is wrong with it. */
  parse(request: ParseRequest, signal: AbortSignal): Promise<Parsed>;
  close(): Promise<void>;
}

export interface ParseRequest {
  /** What people call the file; errors begin with it. */
  name: string;
  bytes: Uint8Array;
  how: ParseOptions;
}

export type ParseOptions =
  | { format: "pdf"; perFile: boolean }
  | { format: "docx" }
  /** Without a column every row is a text of `name: value` lines. */
  | { format: "csv"; column: string }
  /** Without pointers every string counts. `byObject` makes each object of a list one text. */
  | { format: "json"; pointers: string[]; byObject: boolean; metadata: Record<string, string> }
  | { format: "jsonl"; pointer: string; metadata: Record<string, string> }
  | { format: "html"; url: string; selector: string }
  | { format: "sitemap"; max: number };

export interface Parsed {
  documents: Document[];
  /** Where a page or a sitemap leads to: absolute, each once. */
  links: string[];
}

export interface ParseLimits {
  maxBytes: number;
  /** Of text that comes out. */
  maxCharacters: number;
  /** Rows, values or pages, which cost more than their characters. */
  maxTexts: number;
  maxPages: number;
  /** What an archive may unpack to, altogether. */
  maxUnpackedBytes: number;
  maxMemoryMb: number;
  timeoutMs: number;
}

export const defaultParseLimits: ParseLimits = {
  maxBytes: 50 * 1024 * 1024,
  maxCharacters: 20_000_000,
  maxTexts: 500_000,
  maxPages: 5_000,
  maxUnpackedBytes: 100 * 1024 * 1024,
  maxMemoryMb: 640,
  timeoutMs: 60_000,
};
