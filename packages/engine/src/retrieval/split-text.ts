import { takeTurns } from "./take-turns.ts";

export interface SplitOptions {
  /** Longest piece, in characters. */
  chunkSize: number;
  /** How much of the end of a piece the next one repeats, at most. */
  chunkOverlap: number;
}

/** What authors leave empty is 1000 and 200; an overlap never fills a piece. */
export function splitOptions({
  chunkSize,
  chunkOverlap,
}: {
  chunkSize?: number | undefined;
  chunkOverlap?: number | undefined;
}): SplitOptions {
  const size = chunkSize || 1000;
  const overlap = chunkOverlap ?? 200;
  if (overlap < size) return { chunkSize: size, chunkOverlap: overlap };
  if (chunkOverlap === undefined) return { chunkSize: size, chunkOverlap: Math.floor(size / 5) };
  throw new Error("The overlap of a text splitter must be smaller than its chunk size");
}

/**
 * Cuts a text at the first separator that occurs in it, pieces that are still too long at the next one, and joins
 * small neighbours again. Separators stay at the beginning of the piece after them.
 */
export async function splitRecursively(
  text: string,
  separators: string[],
  options: SplitOptions,
  turn = takeTurns(),
): Promise<string[]> {
  const at = separators.findIndex((one) => one === "" || text.includes(one));
  const separator = at < 0 ? (separators.at(-1) ?? "") : separators[at]!;
  const finer = at < 0 || separator === "" ? [] : separators.slice(at + 1);
  const pieces: string[] = [];
  let small: string[] = [];
  const add = (more: string[]) => {
    for (const piece of more) pieces.push(piece);
  };
  const flush = async () => {
    if (small.length > 0) add(await joinPieces(small, "", options, turn));
    small = [];
  };
  for (const part of cutBefore(text, separator)) {
    if (part.length < options.chunkSize) {
      small.push(part);
      continue;
    }
    await flush();
    if (finer.length === 0) pieces.push(part);
    else add(await splitRecursively(part, finer, options, turn));
  }
  await flush();
  return pieces;
}

function cutBefore(text: string, separator: string): string[] {
  if (separator === "") return [...text];
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf(separator, 1); at >= 0; at = text.indexOf(separator, at + 1)) {
    parts.push(text.slice(from, at));
    from = at;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== "");
}

/** Joins parts to pieces as long as allowed, each beginning with the end of the one before. */
export async function joinPieces(
  parts: string[],
  separator: string,
  { chunkSize, chunkOverlap }: SplitOptions,
  turn = takeTurns(),
): Promise<string[]> {
  const pieces: string[] = [];
  const current: string[] = [];
  let length = 0;
  const gap = () => (current.length > 0 ? separator.length : 0);
  const keep = () => {
    const piece = current.join(separator).trim();
    if (piece !== "") pieces.push(piece);
  };
  for (const part of parts) {
    const others = turn();
    if (others) await others;
    if (length + part.length + gap() > chunkSize && current.length > 0) {
      keep();
      while (length > chunkOverlap || (length + part.length + gap() > chunkSize && length > 0)) {
        length -= current[0]!.length + (current.length > 1 ? separator.length : 0);
        current.shift();
      }
    }
    length += part.length + gap();
    current.push(part);
  }
  keep();
  return pieces;
}
