import JSON5 from "json5";
import { z } from "zod";
import { defineNode } from "../../node.ts";

/** Runs the nodes inside it once for each item of a list. */
export const iteration = defineNode({
  name: "iterationAgentflow",
  inputs: z.object({ iterationInput: z.unknown().optional() }),
  run({ iterationInput }) {
    const items = itemsOf(iterationInput);
    if (!items) throw new Error("Invalid input array");
    return { input: { iterationInput: items }, output: {}, iterate: items };
  },
});

function itemsOf(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string") return undefined;
  // Rich text escapes brackets and quotes.
  const parsed = parse(value) ?? parse(value.replaceAll("\\", ""));
  return Array.isArray(parsed) ? parsed : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON5.parse(text);
  } catch {
    return undefined;
  }
}
