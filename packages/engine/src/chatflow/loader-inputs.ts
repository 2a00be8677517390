import { text } from "../input.ts";
import type { Document } from "../retrieval/document.ts";
import { finished, joinedText, Metadata } from "../retrieval/load-text.ts";
import type { Splitter } from "../retrieval/splitter.ts";
import { optional, splitter } from "./chat-parts.ts";

/** What every document loader may be given. */
export const loaderInputs = {
  textSplitter: optional(splitter),
  metadata: Metadata,
  omitMetadataKeys: text,
};

export interface LoaderInputs {
  textSplitter?: Splitter | undefined;
  metadata: Record<string, unknown>;
  omitMetadataKeys: string;
}

/** What a loader gives to the nodes behind it: documents, or their text where that is the chosen output. */
export async function loaded(
  documents: Document[],
  { textSplitter: splitter, metadata, omitMetadataKeys: omit }: LoaderInputs,
  { output }: { output: string | undefined },
): Promise<Document[] | string> {
  const done = await finished(documents, { splitter, metadata, omit });
  return output === "text" ? joinedText(done) : done;
}
