import type { ModelSetting } from "../model.ts";
import { numberInput, textInput } from "../models/model-input.ts";
import { cosine } from "./cosine.ts";
import type { Document } from "./document.ts";
import type { Embeddings } from "./embeddings.ts";
import type { VectorStore } from "./vector-store.ts";

/** A store as its author chose it: one that is to find by maximal marginal relevance does. */
export function searchedAsChosen(
  store: VectorStore,
  embeddings: Embeddings,
  setting: ModelSetting,
): VectorStore {
  if (textInput(setting, "searchType") !== "mmr") return store;
  const most = numberInput(setting, "topK") || 4;
  const fetched = numberInput(setting, "fetchK") || 20;
  const lambda = numberInput(setting, "lambda") ?? 0.5;
  return {
    ...store,
    async retrieve(query, options) {
      const topK = options.topK ?? most;
      const found = await store.retrieve(query, { ...options, topK: Math.max(fetched, topK) });
      if (found.length <= 1) return found;
      // The texts are embedded again: not every store gives vectors back.
      const texts = found.map(({ pageContent }) => pageContent);
      const [asked, vectors] = await Promise.all([
        embeddings.embedQuery(query, options.signal),
        embeddings.embedDocuments(texts, options.signal),
      ]);
      return varied(asked, vectors, { topK, lambda }).map((index) => found[index] as Document);
    },
  };
}

/** Indices of vectors that are like the question and unlike each other, the best first. */
export function varied(
  asked: number[],
  vectors: number[][],
  { topK, lambda }: { topK: number; lambda: number },
): number[] {
  const left = vectors.map((vector, index) => ({
    index,
    vector,
    likeness: cosine(asked, vector),
    // How alike the one is that was chosen already and is most alike.
    repeats: 0,
  }));
  const chosen: number[] = [];
  const worth = ({ likeness, repeats }: (typeof left)[number]) =>
    lambda * likeness - (1 - lambda) * repeats;
  while (chosen.length < topK && left.length > 0) {
    const best = left.reduce((a, b) => (worth(b) > worth(a) ? b : a));
    left.splice(left.indexOf(best), 1);
    chosen.push(best.index);
    for (const other of left) {
      const alike = cosine(best.vector, other.vector);
      other.repeats = chosen.length === 1 ? alike : Math.max(other.repeats, alike);
    }
  }
  return chosen;
}
