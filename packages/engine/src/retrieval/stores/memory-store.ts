import { randomUUID } from "node:crypto";
import { cosine } from "../cosine.ts";
import type { Document } from "../document.ts";
import type { Embeddings } from "../embeddings.ts";
import type { VectorStore } from "../vector-store.ts";

interface Entry {
  id: string;
  document: Document;
  vector: number[];
}

/** A store for the time of one run: compares a question with every document. */
export function openMemoryStore(embeddings: Embeddings, topK: number): VectorStore {
  let entries: Entry[] = [];
  return {
    kind: "vectorStore",
    place: "memory",
    async add(documents, signal, given) {
      if (documents.length === 0) return [];
      const texts = documents.map(({ pageContent }) => pageContent);
      const vectors = await embeddings.embedDocuments(texts, signal);
      const ids = given ?? documents.map(() => randomUUID());
      entries.push(
        ...documents.map((document, i) => ({ id: ids[i]!, document, vector: vectors[i]! })),
      );
      return ids;
    },
    async delete(ids) {
      entries = entries.filter(({ id }) => !ids.includes(id));
    },
    async retrieve(query, options) {
      return (await this.rate!(query, options)).map(({ document }) => document);
    },
    async rate(query, { signal, filter = {}, topK: most = topK }) {
      const wanted = Object.entries(filter);
      const candidates = entries.filter(({ document }) =>
        wanted.every(([name, value]) => document.metadata[name] === value),
      );
      if (candidates.length === 0) return [];
      const vector = await embeddings.embedQuery(query, signal);
      return candidates
        .map(({ document, vector: other }) => ({ document, score: cosine(vector, other) }))
        .sort((a, b) => b.score - a.score)
        .slice(0, most);
    },
  };
}
