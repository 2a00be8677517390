import table from "../data/model-prices.json" with { type: "json" };
import type { Usage } from "./model.ts";

/** US dollars; the base costs are per token. */
export interface Cost {
  input_cost: number;
  output_cost: number;
  total_cost: number;
  base_input_cost: number;
  base_output_cost: number;
}

/** Per component and model: dollars per million tokens, in and out. */
const prices: Record<string, Record<string, number[]> | string | undefined> = table;

/** What an answer cost, or undefined when the model is not in the price list. */
export function costOf(component: string, modelName: string, usage: Usage): Cost | undefined {
  const models = prices[component];
  if (typeof models !== "object" || !Object.hasOwn(models, modelName)) return undefined;
  const [input = 0, output = 0] = models[modelName] ?? [];
  const inputCost = perMillion(usage.input_tokens * input);
  const outputCost = perMillion(usage.output_tokens * output);
  return {
    input_cost: inputCost,
    output_cost: outputCost,
    total_cost: round(inputCost + outputCost),
    base_input_cost: perMillion(input),
    base_output_cost: perMillion(output),
  };
}

const perMillion = (dollars: number): number => round(dollars / 1_000_000);

/** Takes off what binary fractions add, so that 11 tokens at 0.15 are 0.00000165 and not a hair more. */
const round = (dollars: number): number => Number(dollars.toPrecision(12));
