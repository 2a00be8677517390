import type { SplitOptions } from "./split-text.ts";

// The tables are large: each is loaded when a splitter first uses it.
const tables: Record<string, () => Promise<{ default: ConstructorParameters<Tokenizer>[0] }>> = {
  gpt2: () => import("js-tiktoken/ranks/gpt2"),
  r50k_base: () => import("js-tiktoken/ranks/r50k_base"),
  p50k_base: () => import("js-tiktoken/ranks/p50k_base"),
  p50k_edit: () => import("js-tiktoken/ranks/p50k_edit"),
  cl100k_base: () => import("js-tiktoken/ranks/cl100k_base"),
  o200k_base: () => import("js-tiktoken/ranks/o200k_base"),
};
type Tokenizer = typeof import("js-tiktoken/lite")["Tiktoken"];

const tokenizers = new Map<string, Promise<InstanceType<Tokenizer>>>();

/** Pieces of so many tokens, each beginning with the last ones of the piece before. */
export async function splitTokens(
  text: string,
  encoding: string,
  { chunkSize, chunkOverlap }: SplitOptions,
): Promise<string[]> {
  const tokenizer = await tokenizerOf(encoding);
  const tokens = tokenizer.encode(text, [], []);
  const pieces: string[] = [];
  for (let from = 0; from < tokens.length; from += chunkSize - chunkOverlap) {
    pieces.push(tokenizer.decode(tokens.slice(from, from + chunkSize)));
    if (from + chunkSize >= tokens.length) break;
  }
  return pieces;
}

function tokenizerOf(encoding: string): Promise<InstanceType<Tokenizer>> {
  const load = Object.hasOwn(tables, encoding) ? tables[encoding]! : undefined;
  if (!load) throw new Error(`${encoding} is not a known encoding of tokens`);
  const known = tokenizers.get(encoding);
  if (known) return known;
  const loading = Promise.all([import("js-tiktoken/lite"), load()]).then(
    ([{ Tiktoken }, { default: ranks }]) => new Tiktoken(ranks),
  );
  loading.catch(() => tokenizers.delete(encoding));
  tokenizers.set(encoding, loading);
  return loading;
}
