import { withRetry } from "../models/retry.ts";
import type { Embeddings } from "./embeddings.ts";

/** Embeds texts in batches, one after another: a provider's limits hold for all of a flow's texts together. */
export function batched(
  ask: (texts: string[], signal: AbortSignal, kind: "document" | "query") => Promise<number[][]>,
  { batchSize, stripNewLines = false }: { batchSize: number; stripNewLines?: boolean },
): Embeddings {
  const embed: typeof ask = (texts, signal, kind) =>
    withRetry({ signal }, () => ask(texts, signal, kind));
  const prepared = (text: string) => (stripNewLines ? text.replaceAll("\n", " ") : text);
  return {
    kind: "embeddings",
    async embedDocuments(texts, signal) {
      const vectors: number[][] = [];
      for (let from = 0; from < texts.length; from += batchSize) {
        const batch = texts.slice(from, from + batchSize).map(prepared);
        const made = await embed(batch, signal, "document");
        if (made.length !== batch.length)
          throw new Error(`The provider embedded ${made.length} of ${batch.length} texts`);
        vectors.push(...made);
      }
      return vectors;
    },
    async embedQuery(text, signal) {
      const [vector] = await embed([prepared(text)], signal, "query");
      if (!vector) throw new Error("The provider did not embed the question");
      return vector;
    },
  };
}
