import { expect, test } from "vitest";
import { costOf } from "./prices.ts";

test("an answer costs its tokens, without the dust of binary fractions", () => {
  const usage = { input_tokens: 11, output_tokens: 6, total_tokens: 17 };
  expect(costOf("chatOpenAI", "gpt-4o-mini", usage)).toEqual({
    input_cost: 0.00000165,
    output_cost: 0.0000036,
    total_cost: 0.00000525,
    base_input_cost: 1.5e-7,
    base_output_cost: 6e-7,
  });
});

test("a model that is not in the list has no cost", () => {
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  expect(costOf("chatOllama", "llama3", usage)).toBeUndefined();
  expect(costOf("chatOpenAI", "toString", usage)).toBeUndefined();
  expect(costOf("unit", "x", usage)).toBeUndefined();
});
