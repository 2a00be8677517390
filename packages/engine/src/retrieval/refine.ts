import type { Document } from "./document.ts";
import type { RetrieveOptions, Retriever } from "./retriever.ts";

/** A retriever that does more with what another finds, or asks it otherwise. */
export const retrieverOf = (
  retrieve: (query: string, options: RetrieveOptions) => Promise<Document[]>,
): Retriever => ({ kind: "retriever", retrieve });

/** What several searches found, each document once. */
export function unique(found: Document[][]): Document[] {
  const documents = new Map<string, Document>();
  for (const document of found.flat())
    if (!documents.has(keyOf(document))) documents.set(keyOf(document), document);
  return [...documents.values()];
}

/** Found several times, it is the same document. */
export const keyOf = ({ pageContent, metadata }: Document): string =>
  JSON.stringify([pageContent, metadata]);

/** Does for each what takes a while, a few at once, and keeps their order. */
export async function inGroups<T, R>(
  items: T[],
  work: (item: T) => Promise<R>,
  size = 5,
): Promise<R[]> {
  const done: R[] = [];
  for (let from = 0; from < items.length; from += size)
    done.push(...(await Promise.all(items.slice(from, from + size).map(work))));
  return done;
}
