import { z } from "zod";

const Body = z.looseObject({
  input: z.union([z.string(), z.array(z.unknown())]),
  model: z.string().optional(),
});

/** Vectors that depend on the text alone: the same text is always nearest to itself. */
export function embed(json: unknown): unknown {
  const body = Body.parse(json);
  const texts = Array.isArray(body.input) ? body.input.map(String) : [body.input];
  return {
    object: "list",
    model: body.model ?? "simulated",
    data: texts.map((text, index) => ({ object: "embedding", index, embedding: vector(text) })),
    usage: { prompt_tokens: texts.length, total_tokens: texts.length },
  };
}

function vector(text: string, size = 64): number[] {
  const sums = new Array<number>(size).fill(0.01);
  for (let i = 0; i < text.length; i += 1) {
    const slot = (text.charCodeAt(i) * 31 + text.charCodeAt(i + 1)) % size;
    sums[slot || 0] = (sums[slot || 0] ?? 0) + 1;
  }
  const length = Math.hypot(...sums);
  return sums.map((sum) => sum / length);
}
